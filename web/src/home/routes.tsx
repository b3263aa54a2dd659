import { createRoute } from '@tanstack/react-router';
import { memberRoute } from '../app/routes';
import { Home } from './Home';

export const homeRoutes = [
  createRoute({ getParentRoute: () => memberRoute, path: '/', component: Home }),
] as const;
