import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const modelRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/models', component: lazyRouteComponent(() => import('./ModelsPage'), 'ModelsPage') }),
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/models/$modelId',
      validateSearch: (search: Record<string, unknown>): { version?: number | undefined } => ({ version: Number.isInteger(Number(search.version)) ? Number(search.version) : undefined }),
      component: lazyRouteComponent(() => import('./ModelPage'), 'ModelPage') }),
  ] as const,
};
