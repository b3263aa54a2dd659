import { Page } from '../parts/Page';

export const ImportsTab = () => <Page title="ImportsTab">{null}</Page>;
