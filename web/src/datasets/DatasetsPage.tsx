import { Page } from '../parts/Page';

export const DatasetsPage = () => <Page title="DatasetsPage">{null}</Page>;
