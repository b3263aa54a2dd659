import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Pencil, Trash2, UserMinus, UserPlus, Users } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Organization, OrganizationMember, SystemRole } from '../api/schema';
import { useSession } from '../api/useSession';
import { dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { SentInvitations } from '../invitations/SentInvitations';
import { Badge, StatusIndicator } from '../parts/Badge';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { TextField } from '../parts/Field';
import { Menu } from '../parts/Menu';
import { Card, Facts, Page } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { useAsPerson } from '../parts/person';
import { Quotas } from '../parts/Quotas';
import { roleWords } from '../parts/roleWords';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { UserAvatarCard } from '../parts/UserAvatarCard';
import { AddAccountDialog, InviteToOrganization } from './OrganizationInvites';
import { OrganizationDialog } from './OrganizationDialog';
import styles from './Organizations.module.css';
import { organizationWords } from './words';

const systemRoles: SystemRole[] = ['guest', 'standard_engineer', 'advanced_engineer', 'manager', 'admin'];

type Asked = { kind: 'invite' | 'add' | 'edit' | 'delete' } | { kind: 'remove'; person: OrganizationMember } | null;

/** One organization: what it may use, and its people. */
export function OrganizationPage() {
  const words = useWords(organizationWords);
  const { organizationId } = useParams({ from: '/members/organizations/$organizationId' });
  const organization = api.useQuery('get', '/api/v1/organizations/{id}', { params: { path: { id: organizationId } } });
  const may = useMay();
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const one = organization.data;
  if (organization.isError && one === undefined) return <Page title={words.organization}><ErrorState error={organization.error} onRetry={() => void organization.refetch()} /></Page>;
  return (
    <Page
      title={one?.name ?? words.organization}
      subtitle={one === undefined ? '\u00a0' : [one.company, one.division].filter(Boolean).join(' · ') || words.organization}
      actions={<>
        {may('organizations:write') && <Menu label={words.actions(one?.name ?? '')} items={[
          { label: words.edit, icon: <Pencil />, onSelect: () => setAsked({ kind: 'edit' }) },
          { label: words.add, icon: <Users />, onSelect: () => setAsked({ kind: 'add' }) },
          null,
          { label: words.delete, icon: <Trash2 />, danger: true, onSelect: () => setAsked({ kind: 'delete' }) },
        ]} />}
        {may('organizations:invite') && <Button look="primary" icon={<UserPlus />} onClick={() => setAsked({ kind: 'invite' })}>{words.invite}</Button>}
      </>}
    >
      <Usage organization={one} organizationId={organizationId} />
      <People organizationId={organizationId} onRemove={(person) => setAsked({ kind: 'remove', person })} />
      {may('organizations:invite') && <SentInvitations targetId={organizationId} title={words.sentTitle} />}
      {asked?.kind === 'invite' && <InviteToOrganization organizationId={organizationId} onClose={close} />}
      {asked?.kind === 'add' && <AddAccountDialog organizationId={organizationId} onClose={close} />}
      {asked?.kind === 'edit' && one !== undefined && <OrganizationDialog organization={one} onClose={close} />}
      {asked?.kind === 'remove' && <RemovePerson organizationId={organizationId} person={asked.person} onClose={close} />}
      {asked?.kind === 'delete' && one !== undefined && <DeleteOrganization organization={one} onClose={close} />}
    </Page>
  );
}

function Usage({ organization, organizationId }: { organization: Organization | undefined; organizationId: string }) {
  const words = useWords(organizationWords);
  const roles = useWords(roleWords);
  const may = useMay();
  const usage = api.useQuery('get', '/api/v1/organizations/{id}/usage', { params: { path: { id: organizationId } } }, { enabled: may('quotas:read') });
  if (!may('quotas:read'))
    return <Card title={words.limits}>{organization === undefined ? <Skeleton lines={2} /> : <Facts items={[[words.createdAt, dateTime(organization.createdAt)], [words.limits, words.mayNotSee]]} />}</Card>;
  return (
    <Card title={words.limits}>
      {usage.isPending ? <Skeleton lines={4} height={28} /> : usage.data === undefined ? <ErrorState error={usage.error} onRetry={() => void usage.refetch()} /> : (
        <>
          <Quotas limits={usage.data.limits} />
          <p className={styles.roles}>{words.byRole}: {systemRoles.filter((role) => usage.data.people[role]).map((role) => <Badge key={role}>{roles.system[role]} {number(usage.data.people[role] ?? 0)}</Badge>)}</p>
        </>
      )}
    </Card>
  );
}

function People({ organizationId, onRemove }: { organizationId: string; onRemove: (person: OrganizationMember) => void }) {
  const words = useWords(organizationWords);
  const roles = useWords(roleWords);
  const own = useSession()?.user.id;
  const asPerson = useAsPerson();
  const may = useMay();
  const { search = '' } = useSearch({ from: '/members/organizations/$organizationId' });
  const navigate = useNavigate();
  const query = api.useInfiniteQuery('get', '/api/v1/organizations/{id}/members', { params: { path: { id: organizationId }, query: { limit: 50, sort: 'email', ...(search ? { search } : {}) } } }, paged);
  const columns: Column<OrganizationMember>[] = [
    { key: 'person', title: words.person, cell: (person) => <UserAvatarCard person={asPerson(person)} note={person.id === own ? words.you : undefined} /> },
    { key: 'role', title: words.role, cell: (person) => <Badge tone={person.role === 'admin' || person.role === 'manager' ? 'accent' : 'neutral'}>{roles.system[person.role]}</Badge> },
    { key: 'state', title: words.state, secondary: true, cell: (person) => <StatusIndicator tone={person.isActive ? 'good' : 'neutral'}>{person.isActive ? words.active : words.inactive}</StatusIndicator> },
    {
      key: 'actions', title: '', right: true,
      cell: (person) => {
        const items = [
          ...(may('users:read') ? [{ label: words.account, icon: <Users />, onSelect: () => void navigate({ to: '/administration', search: { search: person.email } }) }] : []),
          ...(may('organizations:write') ? [{ label: words.remove, icon: <UserMinus />, danger: true, onSelect: () => onRemove(person) }] : []),
        ];
        return items.length > 0 && <Menu label={words.actions(person.fullName ?? person.email)} items={items} />;
      },
    },
  ];
  return (
    <Card flush title={words.people}>
      <div className={styles.bar}>
        <div className={styles.search}>
          <TextField label={words.searchPeople} hideLabel type="search" placeholder={words.searchPeople} value={search} onChange={(event) => void navigate({ to: '.', search: { search: event.target.value || undefined }, replace: true })} />
        </div>
      </div>
      <PagedList query={query} height={44} empty={search !== '' ? <Empty title={words.nobodyFound} /> : <Empty icon={<Users />} title={words.nobody}>{words.nobodyText}</Empty>}>
        {(items) => <Table label={words.people} rows={items} rowKey={(person) => person.id} columns={columns} />}
      </PagedList>
    </Card>
  );
}

function RemovePerson({ organizationId, person, onClose }: { organizationId: string; person: OrganizationMember; onClose: () => void }) {
  const words = useWords(organizationWords);
  const invalidate = useInvalidate();
  const name = person.fullName ?? person.email;
  const remove = api.useMutation('delete', '/api/v1/organizations/{id}/members/{userId}', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/organizations/{id}/members', '/api/v1/organizations/{id}/usage');
      notify(words.removed(name));
      onClose();
    },
  });
  return <ConfirmDialog open onClose={onClose} title={words.removeTitle(name)} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ params: { path: { id: organizationId, userId: person.id } } })}>{words.removeText}</ConfirmDialog>;
}

function DeleteOrganization({ organization, onClose }: { organization: Organization; onClose: () => void }) {
  const words = useWords(organizationWords);
  const invalidate = useInvalidate();
  const navigate = useNavigate();
  const remove = api.useMutation('delete', '/api/v1/organizations/{id}', {
    onError: () => undefined,
    onSuccess: async () => {
      await navigate({ to: '/organizations' });
      notify(words.deleted(organization.name));
      await invalidate('/api/v1/organizations');
    },
  });
  return (
    <ConfirmDialog open onClose={onClose} title={words.deleteTitle(organization.name)} typed={organization.name} confirm={words.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ params: { path: { id: organization.id } } })}>
      {words.deleteText}
    </ConfirmDialog>
  );
}
