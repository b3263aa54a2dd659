import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { InvitationState } from '../api/schema';
import { memberRoute, rootRoute } from '../app/routes';

const states: readonly string[] = ['pending', 'accepted', 'declined', 'expired', 'cancelled'] satisfies InvitationState[];

const open = [
  createRoute({ getParentRoute: () => rootRoute, path: '/invitation', component: lazyRouteComponent(() => import('./InvitationPage'), 'InvitationPage') }),
] as const;

const members = [
  createRoute({
    getParentRoute: () => memberRoute,
    path: '/invitations',
    validateSearch: (search: Record<string, unknown>): { tab?: 'sent' | undefined; state?: InvitationState | undefined } => ({
      tab: search.tab === 'sent' ? 'sent' : undefined,
      state: states.includes(search.state as string) ? (search.state as InvitationState) : undefined,
    }),
    component: lazyRouteComponent(() => import('./InvitationsPage'), 'InvitationsPage'),
  }),
] as const;

export const invitationRoutes = { open, members };
