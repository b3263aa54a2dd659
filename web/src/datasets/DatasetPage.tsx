import { Page } from '../parts/Page';

export const DatasetPage = () => <Page title="DatasetPage">{null}</Page>;
