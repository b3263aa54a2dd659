import { Page } from '../parts/Page';

export const StatisticsTab = () => <Page title="StatisticsTab">{null}</Page>;
