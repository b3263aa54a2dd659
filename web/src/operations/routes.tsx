import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

export const operationRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/operations', component: lazyRouteComponent(() => import('./OperationsPage'), 'OperationsPage') }),
  ] as const,
  project: [] as const,
};
