import { Page } from '../parts/Page';

export const ModelsPage = () => <Page title="ModelsPage">{null}</Page>;
