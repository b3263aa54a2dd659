import { Page } from '../parts/Page';

export const DifferencePage = () => <Page title="DifferencePage">{null}</Page>;
