import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { session } from '../api/session';
import { NotFoundPage } from './Fallbacks';

export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet, notFoundComponent: NotFoundPage });

/** Sends everybody who is not signed in to sign in; they come back afterwards. */
export function requireSession({ location }: { location: { href: string } }): void {
  const current = session.get();
  if (current === null) throw redirect({ to: '/sign-in', search: { next: location.href === '/' ? undefined : location.href } });
  if (current.mustChangePassword) throw redirect({ to: '/change-password' });
}

/** Pages for signed-in people. */
export const memberRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'members',
  beforeLoad: requireSession,
  component: lazyRouteComponent(() => import('./Shell'), 'Shell'),
});
