import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';
import { auditFilter, text, userFilter } from './filters';

export const administrationRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/administration', validateSearch: userFilter, component: lazyRouteComponent(() => import('./UsersPage'), 'UsersPage') }),
    createRoute({
      getParentRoute: () => memberRoute,
      path: '/administration/projects',
      validateSearch: (search: Record<string, unknown>): { name?: string | undefined } => ({ name: text(search.name) }),
      component: lazyRouteComponent(() => import('./AllProjectsPage'), 'AllProjectsPage'),
    }),
    createRoute({ getParentRoute: () => memberRoute, path: '/administration/audit', validateSearch: auditFilter, component: lazyRouteComponent(() => import('./AuditPage'), 'AuditPage') }),
    createRoute({
      getParentRoute: () => memberRoute,
      path: '/administration/system',
      validateSearch: (search: Record<string, unknown>): { instance?: string | undefined } => ({ instance: text(search.instance) }),
      component: lazyRouteComponent(() => import('./SystemPage'), 'SystemPage'),
    }),
  ] as const,
  project: [] as const,
};
