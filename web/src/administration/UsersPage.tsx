import { useNavigate, useSearch } from '@tanstack/react-router';
import { Ban, Pencil, ShieldCheck, Trash2, Undo2, UserPlus, UserRound } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Account, SystemRole } from '../api/schema';
import { useSession } from '../api/useSession';
import { date } from '../app/format';
import { useWords } from '../app/words';
import { Badge, StatusIndicator } from '../parts/Badge';
import { ButtonLink } from '../parts/Button';
import { SelectField, TextField } from '../parts/Field';
import { Menu, type MenuItem } from '../parts/Menu';
import { Card } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { useAsPerson } from '../parts/person';
import { roleWords } from '../parts/roleWords';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { UserAvatarCard } from '../parts/UserAvatarCard';
import styles from './Administration.module.css';
import { AdministrationFrame } from './AdministrationFrame';
import { asQuery, systemRoles, type UserFilter } from './filters';
import { DeactivateAccount, DeleteAccount, EditAccount, RoleDialog } from './UserDialogs';
import { administrationWords } from './words';

type Asked = { kind: 'edit' | 'role' | 'deactivate' | 'delete'; account: Account };

/** Accounts of the platform; managers see those below them. */
export function UsersPage() {
  const words = useWords(administrationWords);
  return (
    <AdministrationFrame permission="users:read" actions={<ButtonLink look="primary" icon={<UserPlus />} to="/organizations">{words.invite}</ButtonLink>}>
      <p className={styles.hint}>{words.inviteHint}</p>
      <Filters />
      <Accounts />
    </AdministrationFrame>
  );
}

function Filters() {
  const words = useWords(administrationWords);
  const roles = useWords(roleWords);
  const filter = useSearch({ from: '/members/administration' });
  const navigate = useNavigate({ from: '/administration' });
  const set = (change: UserFilter): void => void navigate({ search: { ...filter, ...change }, replace: true });
  return (
    <div className={styles.filters}>
      <TextField label={words.search} type="search" value={filter.search ?? ''} onChange={(event) => set({ search: event.target.value || undefined })} />
      <SelectField label={words.role} value={filter.role ?? ''} options={[{ value: '', label: words.allRoles }, ...systemRoles.map((role) => ({ value: role, label: roles.system[role] }))]} onChange={(role) => set({ role: (role || undefined) as SystemRole | undefined })} />
      <SelectField
        label={words.state} value={filter.active === undefined ? '' : String(filter.active)} onChange={(value) => set({ active: value === '' ? undefined : value === 'true' })}
        options={[{ value: '', label: words.allStates }, { value: 'true', label: words.active }, { value: 'false', label: words.inactive }]}
      />
    </div>
  );
}

function Accounts() {
  const words = useWords(administrationWords);
  const roles = useWords(roleWords);
  const filter = useSearch({ from: '/members/administration' });
  const own = useSession()?.user.id;
  const asPerson = useAsPerson();
  const may = useMay();
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = (): void => setAsked(null);
  const actions = useActions({ own, may, onAsk: setAsked });
  const query = api.useInfiniteQuery('get', '/api/v1/admin/users', { params: { query: { limit: 50, ...asQuery(filter) } } }, paged);
  const columns: Column<Account>[] = [
    { key: 'person', title: words.person, cell: (account) => <UserAvatarCard person={asPerson(account)} note={account.id === own ? words.you : undefined} /> },
    { key: 'role', title: words.role, cell: (account) => <Badge tone={account.role === 'admin' || account.role === 'manager' ? 'accent' : 'neutral'}>{roles.system[account.role]}</Badge> },
    {
      key: 'state', title: words.state,
      cell: (account) => <span className={styles.badges}><StatusIndicator tone={account.isActive ? 'good' : 'neutral'}>{account.isActive ? words.active : words.inactive}</StatusIndicator>{account.mustChangePassword && <Badge tone="warn">{words.oneTime}</Badge>}</span>,
    },
    { key: 'created', title: words.created, secondary: true, cell: (account) => date(account.createdAt) },
    { key: 'actions', title: '', right: true, cell: (account) => may('users:write') && <Menu label={words.actions(account.fullName ?? account.email)} items={actions(account)} /> },
  ];
  return (
    <Card flush>
      <PagedList query={query} rows={8} height={44} empty={<Empty icon={<UserRound />} title={words.noUsers} />}>
        {(items) => <Table label={words.users} rows={items} rowKey={(account) => account.id} columns={columns} />}
      </PagedList>
      {asked?.kind === 'edit' && <EditAccount account={asked.account} onClose={close} />}
      {asked?.kind === 'role' && <RoleDialog account={asked.account} onClose={close} />}
      {asked?.kind === 'deactivate' && <DeactivateAccount account={asked.account} onClose={close} />}
      {asked?.kind === 'delete' && <DeleteAccount account={asked.account} onClose={close} />}
    </Card>
  );
}

function useActions({ own, may, onAsk }: { own: string | undefined; may: (permission: string) => boolean; onAsk: (asked: Asked) => void }): (account: Account) => (MenuItem | null)[] {
  const words = useWords(administrationWords);
  const invalidate = useInvalidate();
  const reactivate = api.useMutation('post', '/api/v1/admin/users/{id}/reactivate', {
    onSuccess: async (account) => {
      await invalidate('/api/v1/admin/users');
      notify(words.reactivated(account.fullName ?? account.email));
    },
  });
  return (account) => {
    const because = account.id === own ? words.ownAccount : undefined;
    return [
      { label: words.edit, icon: <Pencil />, onSelect: () => onAsk({ kind: 'edit', account }) },
      { label: words.changeRole, icon: <ShieldCheck />, onSelect: () => onAsk({ kind: 'role', account }), disabledBecause: because },
      account.isActive
        ? { label: words.deactivate, icon: <Ban />, onSelect: () => onAsk({ kind: 'deactivate', account }), disabledBecause: because }
        : { label: words.reactivate, icon: <Undo2 />, onSelect: () => reactivate.mutate({ params: { path: { id: account.id } } }) },
      ...(may('users:delete') ? [null, { label: words.remove, icon: <Trash2 />, danger: true, onSelect: () => onAsk({ kind: 'delete', account }), disabledBecause: because }] : []),
    ];
  };
}
