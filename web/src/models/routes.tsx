import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const modelRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/models', component: lazyRouteComponent(() => import('./ModelsPage'), 'ModelsPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/models/$modelId', component: lazyRouteComponent(() => import('./ModelPage'), 'ModelPage') }),
  ] as const,
};
