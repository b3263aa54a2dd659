import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { session } from '../api/session';
import { NotFoundPage } from './Fallbacks';
import { Shell } from './Shell';

export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet, notFoundComponent: NotFoundPage });

/** Sends everybody who is not signed in to sign in; they come back afterwards. */
export function requireSession({ location }: { location: { href: string } }): void {
  const current = session.get();
  if (current === null) throw redirect({ to: '/sign-in', search: { next: location.href === '/' ? undefined : location.href } });
  if (current.mustChangePassword) throw redirect({ to: '/change-password' });
}

/** Pages for signed-in people. The frame is a part of the start: fetched by itself it would hold up every first page. */
export const memberRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'members',
  beforeLoad: requireSession,
  component: Shell,
});
