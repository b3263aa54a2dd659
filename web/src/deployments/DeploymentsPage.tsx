import { Page } from '../parts/Page';

export const DeploymentsPage = () => <Page title="DeploymentsPage">{null}</Page>;
