import { Page } from '../parts/Page';

export const SharedDatasetsPage = () => <Page title="SharedDatasetsPage">{null}</Page>;
