import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const exportRoutes = {
  members: [] as const,
  project: [
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/exports',
      validateSearch: (search: Record<string, unknown>): { model?: string | undefined; version?: number | undefined } => ({
        model: typeof search.model === 'string' ? search.model : undefined,
        version: Number.isInteger(Number(search.version)) ? Number(search.version) : undefined,
      }),
      component: lazyRouteComponent(() => import('./ExportsPage'), 'ExportsPage') }),
  ] as const,
};
