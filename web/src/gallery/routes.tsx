import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../app/routes';

export const galleryRoutes = [createRoute({ getParentRoute: () => rootRoute, path: '/parts', component: lazyRouteComponent(() => import('./Gallery'), 'Gallery') })] as const;
