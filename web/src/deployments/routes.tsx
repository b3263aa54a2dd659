import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';

export const deploymentRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/deployments', component: lazyRouteComponent(() => import('./DeploymentsPage'), 'DeploymentsPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/deployments/$deploymentId', component: lazyRouteComponent(() => import('./DeploymentPage'), 'DeploymentPage') }),
  ] as const,
};
