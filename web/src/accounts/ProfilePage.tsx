import { Page } from '../parts/Page';

export const ProfilePage = () => <Page title="ProfilePage">{null}</Page>;
