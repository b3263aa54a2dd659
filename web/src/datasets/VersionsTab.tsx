import { Page } from '../parts/Page';

export const VersionsTab = () => <Page title="VersionsTab">{null}</Page>;
