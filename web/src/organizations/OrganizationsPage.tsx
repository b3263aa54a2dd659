import { Page } from '../parts/Page';

export const OrganizationsPage = () => <Page title="OrganizationsPage">{null}</Page>;
