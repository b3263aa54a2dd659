import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { OperationKind, OperationState } from '../api/schema';
import { memberRoute } from '../app/routes';
import { operationKinds, operationStates } from './operations';

export const operationRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/operations', component: lazyRouteComponent(() => import('./BackupsPage'), 'BackupsPage') }),
    createRoute({
      getParentRoute: () => memberRoute,
      path: '/operations/history',
      validateSearch: (search: Record<string, unknown>): { kind?: OperationKind | undefined; state?: OperationState | undefined } => ({
        kind: operationKinds.find((kind) => kind === search.kind), state: operationStates.find((state) => state === search.state),
      }),
      component: lazyRouteComponent(() => import('./HistoryPage'), 'HistoryPage'),
    }),
    createRoute({ getParentRoute: () => memberRoute, path: '/operations/locations', component: lazyRouteComponent(() => import('./LocationsPage'), 'LocationsPage') }),
    createRoute({ getParentRoute: () => memberRoute, path: '/operations/$operationId', component: lazyRouteComponent(() => import('./OperationPage'), 'OperationPage') }),
  ] as const,
  project: [] as const,
};
