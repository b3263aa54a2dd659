import { Page } from '../parts/Page';

export const UploadTab = () => <Page title="UploadTab">{null}</Page>;
