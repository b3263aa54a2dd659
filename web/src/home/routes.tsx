import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';

export const homeRoutes = [
  createRoute({ getParentRoute: () => memberRoute, path: '/', component: lazyRouteComponent(() => import('./Home'), 'Home') }),
] as const;
