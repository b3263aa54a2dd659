import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const organizationRoutes = {
  members: [
    createRoute({
      getParentRoute: () => memberRoute,
      path: '/organizations',
      validateSearch: (search: Record<string, unknown>): { name?: string | undefined } => ({ name: text(search.name) }),
      component: lazyRouteComponent(() => import('./OrganizationsPage'), 'OrganizationsPage'),
    }),
    createRoute({
      getParentRoute: () => memberRoute,
      path: '/organizations/$organizationId',
      validateSearch: (search: Record<string, unknown>): { search?: string | undefined } => ({ search: text(search.search) }),
      component: lazyRouteComponent(() => import('./OrganizationPage'), 'OrganizationPage'),
    }),
  ] as const,
  project: [] as const,
};
