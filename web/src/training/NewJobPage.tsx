import { Page } from '../parts/Page';

export const NewJobPage = () => <Page title="NewJobPage">{null}</Page>;
