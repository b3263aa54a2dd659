import { Page } from '../parts/Page';

export const ImagesTab = () => <Page title="ImagesTab">{null}</Page>;
