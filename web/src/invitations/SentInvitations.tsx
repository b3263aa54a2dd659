import { Mail, RotateCw, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { api } from '../api/client';
import type { Invitation, InvitationState } from '../api/schema';
import { ago, dateTime } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator, type Tone } from '../parts/Badge';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { Card, Row } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { roleName, roleWords } from '../parts/roleWords';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import styles from './Invitations.module.css';
import { invitationWords } from './words';

export const stateTone = (state: InvitationState): Tone => (state === 'accepted' ? 'good' : state === 'pending' ? 'info' : 'neutral');

/** Invitations that the caller sent: to one place the pending ones, otherwise all of a state. */
export function SentInvitations({ targetId, title, text, state = targetId === undefined ? undefined : 'pending', head }: { targetId?: string; title?: string; text?: string; state?: InvitationState | undefined; head?: ReactNode }) {
  const words = useWords(invitationWords);
  const roles = useWords(roleWords);
  const [withdrawn, setWithdrawn] = useState<Invitation | null>(null);
  const query = api.useInfiniteQuery('get', '/api/v1/invitations', { params: { query: { limit: 25, ...(targetId === undefined ? {} : { targetId }), ...(state === undefined ? {} : { state }) } } }, paged);
  const columns: (Column<Invitation> | false)[] = [
    { key: 'email', title: words.invited, cell: (invitation) => <span className={styles.email}>{invitation.email}</span> },
    targetId === undefined && { key: 'target', title: words.target, cell: (invitation: Invitation) => <>{invitation.targetName} <small className={styles.kind}>{words.kinds[invitation.kind]}</small></> },
    { key: 'role', title: words.role, cell: (invitation) => <span className={styles.role}>{roleName(roles, invitation.kind, invitation.role)}</span> },
    state !== 'pending' && { key: 'state', title: words.state, cell: (invitation: Invitation) => <StatusIndicator tone={stateTone(invitation.state)}>{words.states[invitation.state]}</StatusIndicator> },
    { key: 'sent', title: words.sent, secondary: true, cell: (invitation) => <span title={dateTime(invitation.sentAt)}>{ago(invitation.sentAt)}</span> },
    { key: 'expires', title: words.ends, secondary: true, cell: (invitation) => (invitation.state === 'pending' ? dateTime(invitation.expiresAt) : invitation.endedAt === null ? '–' : dateTime(invitation.endedAt)) },
    { key: 'actions', title: '', right: true, cell: (invitation) => <SentActions invitation={invitation} onWithdraw={() => setWithdrawn(invitation)} /> },
  ];
  return (
    <Card flush title={title} actions={head}>
      {text !== undefined && <p className={styles.text}>{text}</p>}
      <PagedList query={query} rows={2} height={36} empty={<Empty icon={<Mail />} title={words.noneSent}>{targetId === undefined ? words.noneSentText : undefined}</Empty>}>
        {(items) => <Table label={title ?? words.sentTab} rows={items} rowKey={(invitation) => invitation.id} columns={columns.filter((column) => column !== false)} />}
      </PagedList>
      {withdrawn !== null && <Withdraw invitation={withdrawn} onClose={() => setWithdrawn(null)} />}
    </Card>
  );
}

function SentActions({ invitation, onWithdraw }: { invitation: Invitation; onWithdraw: () => void }) {
  const words = useWords(invitationWords);
  const invalidate = useInvalidate();
  const resend = api.useMutation('post', '/api/v1/invitations/{id}/resend', {
    onSuccess: async (sent) => {
      notify(words.resent(sent.email));
      await invalidate('/api/v1/invitations');
    },
  });
  const mayResend = invitation.state === 'pending' || invitation.state === 'expired';
  return (
    <Row gap={1} end>
      {mayResend && <Button look="quiet" size="small" icon={<RotateCw />} busy={resend.isPending} aria-label={words.resendTo(invitation.email)} onClick={() => resend.mutate({ params: { path: { id: invitation.id } } })}>{words.resend}</Button>}
      {invitation.state === 'pending' && <Button look="quiet" size="small" icon={<X />} aria-label={words.withdrawTo(invitation.email)} onClick={onWithdraw}>{words.withdraw}</Button>}
    </Row>
  );
}

function Withdraw({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const words = useWords(invitationWords);
  const invalidate = useInvalidate();
  const withdraw = api.useMutation('delete', '/api/v1/invitations/{id}', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/invitations');
      notify(words.withdrawn(invitation.email));
      onClose();
    },
  });
  return (
    <ConfirmDialog open onClose={onClose} title={words.withdrawTitle(invitation.email)} confirm={words.withdraw} busy={withdraw.isPending} error={withdraw.error} onConfirm={() => withdraw.mutate({ params: { path: { id: invitation.id } } })}>
      {words.withdrawText}
    </ConfirmDialog>
  );
}
