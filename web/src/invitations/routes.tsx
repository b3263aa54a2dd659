import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { InvitationState } from '../api/schema';
import { memberRoute, rootRoute } from '../app/routes';

const states: readonly string[] = ['pending', 'accepted', 'declined', 'expired', 'cancelled'] satisfies InvitationState[];

const open = [
  createRoute({ getParentRoute: () => rootRoute, path: '/invitation', component: lazyRouteComponent(() => import('./InvitationPage'), 'InvitationPage') }),
] as const;

const filter = (search: Record<string, unknown>): { state?: InvitationState | undefined } => ({ state: states.includes(search.state as string) ? (search.state as InvitationState) : undefined });

const members = [
  createRoute({ getParentRoute: () => memberRoute, path: '/invitations', validateSearch: filter, component: lazyRouteComponent(() => import('./InvitationsPage'), 'InvitationsPage') }),
  createRoute({ getParentRoute: () => memberRoute, path: '/invitations/sent', validateSearch: filter, component: lazyRouteComponent(() => import('./InvitationsPage'), 'SentInvitationsPage') }),
] as const;

export const invitationRoutes = { open, members };
