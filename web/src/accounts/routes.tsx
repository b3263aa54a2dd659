import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute, rootRoute } from '../app/routes';

const open = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/sign-in',
    validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({ next: ownPage(search.next) }),
    component: lazyRouteComponent(() => import('./SignIn'), 'SignIn'),
  }),
  createRoute({ getParentRoute: () => rootRoute, path: '/sign-up', component: lazyRouteComponent(() => import('./SignUp'), 'SignUp') }),
  createRoute({ getParentRoute: () => rootRoute, path: '/confirm-sign-up', component: lazyRouteComponent(() => import('./ConfirmSignUp'), 'ConfirmSignUp') }),
  createRoute({ getParentRoute: () => rootRoute, path: '/forgot-password', component: lazyRouteComponent(() => import('./ForgotPassword'), 'ForgotPassword') }),
  createRoute({ getParentRoute: () => rootRoute, path: '/reset-password', component: lazyRouteComponent(() => import('./ResetPassword'), 'ResetPassword') }),
  createRoute({ getParentRoute: () => rootRoute, path: '/confirm-email', component: lazyRouteComponent(() => import('./ConfirmEmail'), 'ConfirmEmail') }),
  createRoute({ getParentRoute: () => rootRoute, path: '/change-password', component: lazyRouteComponent(() => import('./ChangePassword'), 'ChangePassword') }),
] as const;

const members = [
  createRoute({ getParentRoute: () => memberRoute, path: '/profile', component: lazyRouteComponent(() => import('./ProfilePage'), 'ProfilePage') }),
  createRoute({ getParentRoute: () => memberRoute, path: '/profile/security', component: lazyRouteComponent(() => import('./SecurityPage'), 'SecurityPage') }),
  createRoute({ getParentRoute: () => memberRoute, path: '/profile/tokens', component: lazyRouteComponent(() => import('./TokensPage'), 'TokensPage') }),
] as const;

export const accountRoutes = { open, members };

/** A page of this console to return to after signing in; never an address on another server. */
function ownPage(next: unknown): string | undefined {
  return typeof next === 'string' && next.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : undefined;
}
