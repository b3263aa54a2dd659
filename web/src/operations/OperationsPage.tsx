import { Page } from '../parts/Page';

export const OperationsPage = () => <Page title="OperationsPage">{null}</Page>;
