import { Page } from '../parts/Page';

export const ExportsPage = () => <Page title="ExportsPage">{null}</Page>;
