import { Page } from '../parts/Page';

export const DeploymentPage = () => <Page title="DeploymentPage">{null}</Page>;
