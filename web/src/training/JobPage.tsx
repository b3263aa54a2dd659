import { Page } from '../parts/Page';

export const JobPage = () => <Page title="JobPage">{null}</Page>;
