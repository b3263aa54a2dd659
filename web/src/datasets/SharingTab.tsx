import { Page } from '../parts/Page';

export const SharingTab = () => <Page title="SharingTab">{null}</Page>;
