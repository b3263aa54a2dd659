import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { memberRoute, rootRoute } from '../app/routes';

const open = [
  createRoute({ getParentRoute: () => rootRoute, path: '/invitation', component: lazyRouteComponent(() => import('./InvitationPage'), 'InvitationPage') }),
] as const;

const members = [
  createRoute({ getParentRoute: () => memberRoute, path: '/invitations', component: lazyRouteComponent(() => import('./InvitationsPage'), 'InvitationsPage') }),
] as const;

export const invitationRoutes = { open, members };
