import { Page } from '../parts/Page';

export const AdministrationPage = () => <Page title="AdministrationPage">{null}</Page>;
