import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';
import { projectRoute } from '../projects/routes';

export const datasetRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/shared-datasets', component: lazyRouteComponent(() => import('./SharedDatasetsPage'), 'SharedDatasetsPage') }),
    createRoute({ getParentRoute: () => memberRoute, path: '/datasets/$datasetId', component: lazyRouteComponent(() => import('./DatasetPage'), 'DatasetPage') }),
  ] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/datasets', component: lazyRouteComponent(() => import('./DatasetsPage'), 'DatasetsPage') }),
  ] as const,
};
