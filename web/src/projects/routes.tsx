import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

/** One project: the frame with its tabs. Pages inside it are children of this route. */
export const projectRoute = createRoute({
  getParentRoute: () => memberRoute,
  path: '/projects/$projectId',
  component: lazyRouteComponent(() => import('./ProjectFrame'), 'ProjectFrame'),
});

export const projectRoutes = [
  createRoute({
    getParentRoute: () => memberRoute,
    path: '/projects',
    validateSearch: (search: Record<string, unknown>): { name?: string | undefined } => ({ name: typeof search.name === 'string' && search.name !== '' ? search.name : undefined }),
    component: lazyRouteComponent(() => import('./ProjectsPage'), 'ProjectsPage'),
  }),
] as const;

/** Pages of this capability inside a project's frame. */
export const inProjectRoutes = [
  createRoute({ getParentRoute: () => projectRoute, path: '/', component: lazyRouteComponent(() => import('./ProjectOverview'), 'ProjectOverview') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/members', component: lazyRouteComponent(() => import('./MembersPage'), 'MembersPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/settings', component: lazyRouteComponent(() => import('./SettingsPage'), 'SettingsPage') }),
] as const;
