import { Page } from '../parts/Page';

export const MembersPage = () => <Page title="MembersPage">{null}</Page>;
