import { Page } from '../parts/Page';

export const VersionPage = () => <Page title="VersionPage">{null}</Page>;
