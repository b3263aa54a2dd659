import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

export const administrationRoutes = {
  members: [
    createRoute({ getParentRoute: () => memberRoute, path: '/administration', component: lazyRouteComponent(() => import('./AdministrationPage'), 'AdministrationPage') }),
  ] as const,
  project: [] as const,
};
