import { Page } from '../parts/Page';

export const JobsPage = () => <Page title="JobsPage">{null}</Page>;
