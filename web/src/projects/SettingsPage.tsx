import { Page } from '../parts/Page';

export const SettingsPage = () => <Page title="SettingsPage">{null}</Page>;
