import { Page } from '../parts/Page';

export const ComparePage = () => <Page title="ComparePage">{null}</Page>;
