import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

export const organizationRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/organizations', component: lazyRouteComponent(() => import('./OrganizationsPage'), 'OrganizationsPage') }),
    createRoute({ getParentRoute: () => memberRoute, path: '/organizations/$organizationId', component: lazyRouteComponent(() => import('./OrganizationPage'), 'OrganizationPage') }),
  ] as const,
  project: [] as const,
};
