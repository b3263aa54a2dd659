import { Page } from '../parts/Page';

export const OrganizationPage = () => <Page title="OrganizationPage">{null}</Page>;
