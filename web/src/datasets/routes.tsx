import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';
import { projectRoute } from '../projects/routes';
import { leastPercents, type ProposalSearch } from './proposals/proposals';

type Search = Record<string, unknown>;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);
const oneOf = <T extends string>(value: unknown, ...choices: T[]): T | undefined => choices.find((choice) => choice === value);

/** One dataset: the frame with its tabs, which are children of this route. */
export const datasetRoute = createRoute({
  getParentRoute: () => memberRoute,
  path: '/datasets/$datasetId',
  component: lazyRouteComponent(() => import('./DatasetPage'), 'DatasetPage'),
});

const tabs = [
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/',
    /** `image` is the id of the image that is open. */
    validateSearch: (search: Search): { class?: string | undefined; annotated?: 'yes' | 'no' | undefined; order?: 'oldest' | undefined; image?: string | undefined } => ({
      class: textOf(search.class), annotated: oneOf(search.annotated, 'yes', 'no'), order: oneOf(search.order, 'oldest'), image: textOf(search.image),
    }),
    component: lazyRouteComponent(() => import('./ImagesTab'), 'ImagesTab'),
  }),
  createRoute({ getParentRoute: () => datasetRoute, path: '/upload', component: lazyRouteComponent(() => import('./UploadTab'), 'UploadTab') }),
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/imports',
    validateSearch: (search: Search): { archive?: string | undefined; import?: string | undefined; outcome?: 'refused' | 'skipped' | undefined } => ({
      archive: textOf(search.archive), import: textOf(search.import), outcome: oneOf(search.outcome, 'refused', 'skipped'),
    }),
    component: lazyRouteComponent(() => import('./ImportsTab'), 'ImportsTab'),
  }),
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/proposals',
    validateSearch: (search: Search): ProposalSearch => ({ class: textOf(search.class), least: leastPercents.find((one) => one === search.least), image: textOf(search.image) }),
    component: lazyRouteComponent(() => import('./proposals/ProposalsTab'), 'ProposalsTab'),
  }),
  createRoute({ getParentRoute: () => datasetRoute, path: '/classes', component: lazyRouteComponent(() => import('./ClassesTab'), 'ClassesTab') }),
  createRoute({ getParentRoute: () => datasetRoute, path: '/versions', component: lazyRouteComponent(() => import('./VersionsTab'), 'VersionsTab') }),
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/versions/$versionId',
    validateSearch: (search: Search): { split?: 'train' | 'val' | 'test' | undefined; image?: string | undefined } => ({ split: oneOf(search.split, 'train', 'val', 'test'), image: textOf(search.image) }),
    component: lazyRouteComponent(() => import('./VersionPage'), 'VersionPage'),
  }),
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/difference',
    validateSearch: (search: Search): { from?: string | undefined; to?: string | undefined } => ({ from: textOf(search.from), to: textOf(search.to) }),
    component: lazyRouteComponent(() => import('./DifferencePage'), 'DifferencePage'),
  }),
  createRoute({
    getParentRoute: () => datasetRoute,
    path: '/statistics',
    /** `version` is the id of a version; without it the images that the dataset has now. */
    validateSearch: (search: Search): { version?: string | undefined } => ({ version: textOf(search.version) }),
    component: lazyRouteComponent(() => import('./StatisticsTab'), 'StatisticsTab'),
  }),
  createRoute({ getParentRoute: () => datasetRoute, path: '/sharing', component: lazyRouteComponent(() => import('./SharingTab'), 'SharingTab') }),
  createRoute({ getParentRoute: () => datasetRoute, path: '/settings', component: lazyRouteComponent(() => import('./DatasetSettingsTab'), 'DatasetSettingsTab') }),
] as const;

export const datasetRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/shared-datasets', component: lazyRouteComponent(() => import('./SharedDatasetsPage'), 'SharedDatasetsPage') }),
    datasetRoute.addChildren(tabs),
  ] as const,
  project: [
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/datasets',
      validateSearch: (search: Search): { order?: 'oldest' | undefined } => ({ order: oneOf(search.order, 'oldest') }),
      component: lazyRouteComponent(() => import('./DatasetsPage'), 'DatasetsPage'),
    }),
  ] as const,
};
