import { useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { UserPlus, Users } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { DatasetMember, DatasetRole, Invitation } from '../api/schema';
import { date } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { ConfirmDialog, Dialog } from '../parts/Dialog';
import { SelectField, TextArea, TextField } from '../parts/Field';
import { Card, Page, Row } from '../parts/Page';
import { Empty, ProblemNote } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import { ListStates } from './ImportsTab';
import { sharingWords } from './sharingWords';
import { useDatasetMay } from './useDataset';

const roles: readonly DatasetRole[] = ['viewer', 'annotator', 'reviewer', 'admin'];
const membersKey = ['get', '/api/v1/datasets/{id}/members'];
const invitationsKey = ['get', '/api/v1/invitations'];
const listed = { pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor ?? undefined } as const;

/** People with whom the dataset is shared, and invitations that nobody has answered yet. */
export function SharingTab() {
  const words = useWords(sharingWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const mayShare = useDatasetMay(datasetId)('datasets:share');
  const [inviting, setInviting] = useState(false);
  const invite = <Button look="primary" icon={<UserPlus />} disabled={!mayShare} title={mayShare ? undefined : words.mayNot} onClick={() => setInviting(true)}>{words.invite}</Button>;
  return (
    <Page title={words.title} subtitle={words.text} actions={invite}>
      <Members datasetId={datasetId} mayShare={mayShare} />
      {mayShare && <Invitations datasetId={datasetId} />}
      {inviting && <Invite datasetId={datasetId} onClose={() => setInviting(false)} />}
    </Page>
  );
}

function Members({ datasetId, mayShare }: { datasetId: string; mayShare: boolean }) {
  const words = useWords(sharingWords);
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<DatasetMember | null>(null);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/{id}/members', { params: { path: { id: datasetId }, query: { limit: 50 } } }, listed);
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const nameOf = (member: DatasetMember): string => member.fullName ?? member.email;
  const change = api.useMutation('put', '/api/v1/datasets/{id}/members/{userId}', { onSuccess: (member) => { notify(words.changed(nameOf(member), words.roles[member.role])); void queries.invalidateQueries({ queryKey: membersKey }); } });
  const remove = api.useMutation('delete', '/api/v1/datasets/{id}/members/{userId}', { onError: () => undefined, onSuccess: () => { if (removing !== null) notify(words.removed(nameOf(removing))); setRemoving(null); void queries.invalidateQueries({ queryKey: membersKey }); } });
  const columns: Column<DatasetMember>[] = [
    { key: 'person', title: words.person, cell: (row) => <>{nameOf(row)}{row.fullName !== null && <small style={{ display: 'block', color: 'var(--text-3)' }}>{row.email}</small>}</> },
    { key: 'role', title: words.role, cell: (row) => (mayShare ? <SelectField label={words.roleOf(nameOf(row))} hideLabel value={row.role} options={roles.map((role) => ({ value: role, label: words.roles[role] }))} onChange={(role) => change.mutate({ params: { path: { id: datasetId, userId: row.userId } }, body: { role: role as DatasetRole } })} /> : words.roles[row.role]) },
    { key: 'since', title: words.since, secondary: true, cell: (row) => date(row.joinedAt) },
    ...(mayShare ? [{ key: 'actions', title: words.actions, right: true, cell: (row: DatasetMember) => <Button size="small" look="danger" onClick={() => setRemoving(row)}>{words.remove}</Button> }] : []),
  ];
  return (
    <Card title={words.members} flush>
      <ListStates list={pages} isEmpty={rows.length === 0} empty={<Empty icon={<Users />} title={words.noMembers}>{words.noMembersText}</Empty>}>
        <Table label={words.members} columns={columns} rows={rows} rowKey={(row) => row.userId} />
      </ListStates>
      <ConfirmDialog open={removing !== null} onClose={() => { setRemoving(null); remove.reset(); }} title={words.removeTitle(removing === null ? '' : nameOf(removing))} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => { if (removing !== null) remove.mutate({ params: { path: { id: datasetId, userId: removing.userId } } }); }}><p>{words.removeText}</p></ConfirmDialog>
    </Card>
  );
}

function Invitations({ datasetId }: { datasetId: string }) {
  const words = useWords(sharingWords);
  const queries = useQueryClient();
  const [withdrawing, setWithdrawing] = useState<Invitation | null>(null);
  const pages = api.useInfiniteQuery('get', '/api/v1/invitations', { params: { query: { targetId: datasetId, state: 'pending', limit: 50 } } }, listed);
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const resend = api.useMutation('post', '/api/v1/invitations/{id}/resend', { onSuccess: () => { notify(words.resent); void queries.invalidateQueries({ queryKey: invitationsKey }); } });
  const withdraw = api.useMutation('delete', '/api/v1/invitations/{id}', { onError: () => undefined, onSuccess: () => { notify(words.withdrawn); setWithdrawing(null); void queries.invalidateQueries({ queryKey: invitationsKey }); } });
  const columns: Column<Invitation>[] = [
    { key: 'email', title: words.email, cell: (row) => row.email },
    { key: 'role', title: words.role, cell: (row) => words.roles[row.role as DatasetRole] ?? row.role },
    { key: 'expires', title: words.expires, secondary: true, cell: (row) => date(row.expiresAt) },
    { key: 'actions', title: words.actions, right: true, cell: (row) => <Row end><Button size="small" busy={resend.isPending && resend.variables.params.path.id === row.id} onClick={() => resend.mutate({ params: { path: { id: row.id } } })}>{words.resend}</Button><Button size="small" look="danger" onClick={() => setWithdrawing(row)}>{words.withdraw}</Button></Row> },
  ];
  return (
    <Card title={words.invitations} flush>
      <ListStates list={pages} isEmpty={rows.length === 0} empty={<p style={{ padding: 'var(--space-4)', color: 'var(--text-2)' }}>{words.noInvitations}</p>}>
        <Table label={words.invitations} columns={columns} rows={rows} rowKey={(row) => row.id} />
      </ListStates>
      <ConfirmDialog open={withdrawing !== null} onClose={() => { setWithdrawing(null); withdraw.reset(); }} title={words.withdrawTitle(withdrawing?.email ?? '')} confirm={words.withdraw} busy={withdraw.isPending} error={withdraw.error} onConfirm={() => { if (withdrawing !== null) withdraw.mutate({ params: { path: { id: withdrawing.id } } }); }}><p>{words.withdrawText}</p></ConfirmDialog>
    </Card>
  );
}

function Invite({ datasetId, onClose }: { datasetId: string; onClose: () => void }) {
  const words = useWords(sharingWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const [form, setForm] = useState({ email: '', role: 'annotator' as DatasetRole, message: '' });
  const [key] = useState(() => crypto.randomUUID());
  const invite = api.useMutation('post', '/api/v1/datasets/{id}/invitations', { onError: () => undefined, onSuccess: () => { notify(words.sent(form.email)); void queries.invalidateQueries({ queryKey: invitationsKey }); onClose(); } });
  const fields = invite.error === null ? {} : asProblem(invite.error).fields;
  return (
    <Dialog
      open onClose={onClose} title={words.inviteTitle}
      onSubmit={() => invite.mutate({ params: { path: { id: datasetId }, header: { 'Idempotency-Key': key } }, body: { email: form.email, role: form.role, message: form.message.trim() || null } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={invite.isPending}>{words.send}</Button></>}
    >
      <TextField label={words.email} type="email" required autoFocus value={form.email} error={fields.email} onChange={(event) => setForm({ ...form, email: event.target.value })} />
      <SelectField label={words.role} hint={words.roleTexts[form.role]} value={form.role} error={fields.role} options={roles.map((role) => ({ value: role, label: words.roles[role] }))} onChange={(role) => setForm({ ...form, role: role as DatasetRole })} />
      <TextArea label={`${words.message} (${parts.optional})`} hint={words.messageHint} value={form.message} error={fields.message} onChange={(event) => setForm({ ...form, message: event.target.value })} />
      {Object.keys(fields).length === 0 && <ProblemNote error={invite.error} />}
    </Dialog>
  );
}
