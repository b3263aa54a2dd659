import { Page } from '../parts/Page';

export const ModelPage = () => <Page title="ModelPage">{null}</Page>;
