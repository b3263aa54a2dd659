import { LogOut } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { OwnSession } from '../api/schema';
import { session } from '../api/session';
import { useSession } from '../api/useSession';
import { ago, dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { Fields, TextField } from '../parts/Field';
import { Card } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { ProblemNote } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { clientName } from './clients';
import styles from './Profile.module.css';
import { ProfileFrame } from './ProfileFrame';
import { profileWords } from './profileWords';
import { accountWords } from './words';

/** E-mail address, password and sessions. */
export function SecurityPage() {
  const words = useWords(profileWords);
  return (
    <ProfileFrame>
      <Card title={words.sessions} flush actions={<Everywhere />}><Sessions /></Card>
      <Card title={words.password}><ChangePassword /></Card>
      <Card title={words.email}><ChangeEmail /></Card>
    </ProfileFrame>
  );
}

function ChangeEmail() {
  const words = useWords(profileWords);
  const user = useSession()?.user;
  const invalidate = useInvalidate();
  const [form, setForm] = useState({ email: '', currentPassword: '' });
  const change = api.useMutation('put', '/api/v1/auth/me', {
    onError: () => undefined,
    onSuccess: async ({ user: changed, confirmationSentTo }) => {
      setForm({ email: '', currentPassword: '' });
      session.setUser(changed);
      if (confirmationSentTo === null) notify(words.emailChanged(changed.email));
      await invalidate('/api/v1/auth/me');
    },
  });
  const fields = change.error === null ? {} : asProblem(change.error).fields;
  const sentTo = change.data?.confirmationSentTo ?? null;
  if (user === undefined) return null;
  // The request replaces name and color as well, so both are sent as they are.
  const submit = (): void => change.mutate({ body: { fullName: user.fullName, badgeColor: user.badgeColor, email: form.email.trim(), currentPassword: form.currentPassword } });
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <Fields>
        <p><strong>{user.email}</strong></p>
        <p className={styles.role}>{words.emailText}</p>
        {sentTo !== null && <p role="status">{words.emailSent(sentTo)}</p>}
        <TextField label={words.newEmail} type="email" autoComplete="email" required value={form.email} error={fields.email} onChange={(event) => setForm({ ...form, email: event.target.value })} />
        <TextField label={words.currentPassword} type="password" autoComplete="current-password" required value={form.currentPassword} error={fields.currentPassword} onChange={(event) => setForm({ ...form, currentPassword: event.target.value })} />
        {Object.keys(fields).length === 0 && <ProblemNote error={change.error} />}
        <div><Button type="submit" busy={change.isPending}>{words.changeEmail}</Button></div>
      </Fields>
    </form>
  );
}

function ChangePassword() {
  const words = useWords(profileWords);
  const account = useWords(accountWords);
  const email = useSession()?.user.email;
  const options = api.useQuery('get', '/api/v1/auth/options', {}, { staleTime: 300_000 });
  const invalidate = useInvalidate();
  const [form, setForm] = useState({ currentPassword: '', newPassword: '' });
  const change = api.useMutation('put', '/api/v1/auth/password', {
    onError: () => undefined,
    onSuccess: async (answer) => {
      session.begin(answer);
      setForm({ currentPassword: '', newPassword: '' });
      notify(words.passwordChanged);
      await invalidate('/api/v1/auth/sessions');
    },
  });
  const fields = change.error === null ? {} : asProblem(change.error).fields;
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); change.mutate({ body: form }); }}>
      <Fields>
        <p className={styles.role}>{words.passwordText}</p>
        <input className="visually-hidden" type="text" autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" value={email ?? ''} />
        <TextField label={words.currentPassword} type="password" autoComplete="current-password" required value={form.currentPassword} error={fields.currentPassword} onChange={(event) => setForm({ ...form, currentPassword: event.target.value })} />
        <TextField label={words.newPassword} type="password" autoComplete="new-password" required hint={account.passwordRule(options.data?.passwordMinimumLength ?? 12)} value={form.newPassword} error={fields.newPassword} onChange={(event) => setForm({ ...form, newPassword: event.target.value })} />
        {Object.keys(fields).length === 0 && <ProblemNote error={change.error} />}
        <div><Button type="submit" busy={change.isPending}>{words.changePassword}</Button></div>
      </Fields>
    </form>
  );
}

function Sessions() {
  const words = useWords(profileWords);
  const query = api.useInfiniteQuery('get', '/api/v1/auth/sessions', { params: { query: { limit: 25 } } }, paged);
  const columns: Column<OwnSession>[] = [
    { key: 'client', title: words.client, cell: (one) => <span className={styles.client} title={one.client ?? undefined}>{clientName(one.client) ?? words.unknownClient} {one.current && <Badge tone="good">{words.thisSession}</Badge>}</span> },
    { key: 'address', title: words.address, secondary: true, cell: (one) => one.address ?? '–' },
    { key: 'since', title: words.since, secondary: true, cell: (one) => dateTime(one.createdAt) },
    { key: 'used', title: words.lastUsed, cell: (one) => <span title={dateTime(one.lastUsedAt)}>{ago(one.lastUsedAt)}</span> },
    { key: 'end', title: '', right: true, cell: (one) => !one.current && <EndSession one={one} /> },
  ];
  return (
    <>
      <p className={styles.text}>{words.sessionsText}</p>
      <PagedList query={query} rows={2} empty={null}>{(items) => <Table label={words.sessions} rows={items} rowKey={(one) => one.id} columns={columns} />}</PagedList>
    </>
  );
}

function EndSession({ one }: { one: OwnSession }) {
  const words = useWords(profileWords);
  const invalidate = useInvalidate();
  const end = api.useMutation('delete', '/api/v1/auth/sessions/{id}', {
    onSuccess: async () => {
      await invalidate('/api/v1/auth/sessions');
      notify(words.ended);
    },
  });
  return <Button look="quiet" size="small" busy={end.isPending} aria-label={words.endOf(clientName(one.client) ?? words.unknownClient)} onClick={() => end.mutate({ params: { path: { id: one.id } } })}>{words.end}</Button>;
}

function Everywhere() {
  const words = useWords(profileWords);
  const [asking, setAsking] = useState(false);
  const end = api.useMutation('post', '/api/v1/auth/logout-everywhere', { onError: () => undefined, onSuccess: () => session.end() });
  return (
    <>
      <Button size="small" icon={<LogOut />} onClick={() => setAsking(true)}>{words.everywhere}</Button>
      <ConfirmDialog open={asking} onClose={() => setAsking(false)} title={words.everywhereTitle} confirm={words.everywhere} busy={end.isPending} error={end.error} onConfirm={() => end.mutate({})}>{words.everywhereText}</ConfirmDialog>
    </>
  );
}
