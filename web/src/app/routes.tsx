import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { session } from '../api/session';
import { NotFoundPage } from './Fallbacks';

export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet, notFoundComponent: NotFoundPage });

/** Pages for signed-in people. Everybody else is sent to sign in, and comes back afterwards. */
export const memberRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'members',
  beforeLoad: ({ location }) => {
    const current = session.get();
    if (current === null) throw redirect({ to: '/sign-in', search: { next: location.href === '/' ? undefined : location.href } });
    if (current.mustChangePassword) throw redirect({ to: '/change-password' });
  },
  component: lazyRouteComponent(() => import('./Shell'), 'Shell'),
});
