import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const trainingRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/jobs', component: lazyRouteComponent(() => import('./JobsPage'), 'JobsPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/jobs/new', component: lazyRouteComponent(() => import('./NewJobPage'), 'NewJobPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/jobs/$jobId', component: lazyRouteComponent(() => import('./JobPage'), 'JobPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/compare', component: lazyRouteComponent(() => import('./ComparePage'), 'ComparePage') }),
  ] as const,
};
