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

/** Invitations that the signed-in person received. */
export function InvitationsPage() {
  const { state } = useSearch({ from: '/members/invitations' });
  return <Frame><Received state={state} head={<StateFilter state={state} />} /></Frame>;
}

/** Invitations that the signed-in person sent, wherever to. */
export function SentInvitationsPage() {
  const words = useWords(invitationWords);
  const { state } = useSearch({ from: '/members/invitations/sent' });
  return <Frame><SentInvitations title={words.sentTab} state={state} head={<StateFilter state={state} />} /></Frame>;
}

function Frame({ children }: { children: ReactNode }) {
  const words = useWords(invitationWords);
  return (
    <Page title={words.invitations}>
      <LinkTabs label={words.tabs} tabs={[
        { label: words.receivedTab, to: '/invitations', activeOptions: { exact: true, includeSearch: false } },
        { label: words.sentTab, to: '/invitations/sent', activeOptions: { includeSearch: false } },
      ]} />
      {children}
    </Page>
  );
}

function StateFilter({ state }: { state: InvitationState | undefined }) {
  const words = useWords(invitationWords);
  const navigate = useNavigate();
  return (
    <div className={styles.filter}>
      <SelectField
        hideLabel label={words.state} value={state ?? ''} onChange={(chosen) => void navigate({ to: '.', search: { state: (chosen || undefined) as InvitationState | undefined }, replace: true })}
        options={[{ value: '', label: words.allStates }, ...invitationStates.map((value) => ({ value, label: words.states[value] }))]}
      />
    </div>
  );
}

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
