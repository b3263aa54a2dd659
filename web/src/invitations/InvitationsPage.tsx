import { Page } from '../parts/Page';

export const InvitationsPage = () => <Page title="InvitationsPage">{null}</Page>;
