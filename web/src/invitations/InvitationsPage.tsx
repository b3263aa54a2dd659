import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { MailOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import { api } from '../api/client';
import type { Invitation, InvitationState } from '../api/schema';
import { ago, dateTime } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { SelectField } from '../parts/Field';
import { Card, Page } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { roleName, roleWords } from '../parts/roleWords';
import { Empty } from '../parts/States';
import { LinkTabs } from '../parts/Tabs';
import styles from './Invitations.module.css';
import { SentInvitations, stateTone } from './SentInvitations';
import { invitationWords } from './words';

const invitationStates: InvitationState[] = ['pending', 'accepted', 'declined', 'expired', 'cancelled'];

/** Invitations that the signed-in person received or sent. */
export function InvitationsPage() {
  const words = useWords(invitationWords);
  const { tab, state } = useSearch({ from: '/members/invitations' });
  const navigate = useNavigate({ from: '/invitations' });
  const filter = (
    <div className={styles.filter}>
      <SelectField
        hideLabel label={words.state} value={state ?? ''} onChange={(chosen) => void navigate({ search: (before) => ({ ...before, state: (chosen || undefined) as InvitationState | undefined }), replace: true })}
        options={[{ value: '', label: words.allStates }, ...invitationStates.map((value) => ({ value, label: words.states[value] }))]}
      />
    </div>
  );
  return (
    <Page title={words.invitations}>
      <LinkTabs
        label={words.tabs}
        tabs={[
          { label: words.receivedTab, to: '/invitations', search: {}, activeProps: active(tab === undefined), inactiveProps: active(tab === undefined) },
          { label: words.sentTab, to: '/invitations', search: { tab: 'sent' }, activeProps: active(tab === 'sent'), inactiveProps: active(tab === 'sent') },
        ]}
      />
      {tab === 'sent' ? <SentInvitations title={words.sentTab} state={state} head={filter} /> : <Received state={state} head={filter} />}
    </Page>
  );
}

// Both tabs have the same path, so the router cannot tell which one is shown.
const active = (shown: boolean) => ({ 'data-active': shown || undefined, 'aria-current': shown ? 'page' : undefined }) as object;

function Received({ state, head }: { state: InvitationState | undefined; head: ReactNode }) {
  const words = useWords(invitationWords);
  const options = api.useQuery('get', '/api/v1/auth/options', {}, { staleTime: 300_000 }).data;
  const query = api.useInfiniteQuery('get', '/api/v1/invitations/received', { params: { query: { limit: 25, ...(state === undefined ? {} : { state }) } } }, paged);
  return (
    <Card flush title={words.receivedTab} actions={head}>
      {options?.confirmsEmail === false && <p className={styles.text}>{words.onlyAccepted}</p>}
      <PagedList query={query} rows={3} height={64} empty={<Empty icon={<MailOpen />} title={words.noneReceived}>{words.noneReceivedText}</Empty>}>
        {(items) => <ul className={styles.received}>{items.map((invitation) => <ReceivedLine key={invitation.id} invitation={invitation} />)}</ul>}
      </PagedList>
    </Card>
  );
}

function ReceivedLine({ invitation }: { invitation: Invitation }) {
  const words = useWords(invitationWords);
  const roles = useWords(roleWords);
  const { kind, targetId } = invitation;
  return (
    <li>
      <h3>{invitation.targetName}</h3>
      <StatusIndicator tone={stateTone(invitation.state)}>{words.states[invitation.state]}</StatusIndicator>
      <p>{words.as(words.kinds[kind], roleName(roles, kind, invitation.role))}</p>
      {invitation.message !== null && <blockquote>{invitation.message}</blockquote>}
      {invitation.state === 'pending' && <><p>{words.openMail(invitation.email, ago(invitation.sentAt))} {words.lostMail}</p><p>{words.validUntil(dateTime(invitation.expiresAt))}</p></>}
      {invitation.state === 'accepted' && (
        <p>
          {kind === 'project' ? <Link to="/projects/$projectId" params={{ projectId: targetId }}>{words.open}</Link>
            : kind === 'dataset' ? <Link to="/datasets/$datasetId" params={{ datasetId: targetId }}>{words.open}</Link>
            : <Link to="/organizations/$organizationId" params={{ organizationId: targetId }}>{words.open}</Link>}
        </p>
      )}
    </li>
  );
}
