import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const exportRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/exports', component: lazyRouteComponent(() => import('./ExportsPage'), 'ExportsPage') }),
  ] as const,
};
