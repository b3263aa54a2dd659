import { useNavigate, useParams } from '@tanstack/react-router';
import { Crown, LogOut, UserMinus, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Member, ProjectRole } from '../api/schema';
import { useSession } from '../api/useSession';
import { date } from '../app/format';
import { useWords } from '../app/words';
import { SentInvitations } from '../invitations/SentInvitations';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { SelectField } from '../parts/Field';
import { Menu, type MenuItem } from '../parts/Menu';
import { Card, Page } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { useAsPerson } from '../parts/person';
import { roleWords } from '../parts/roleWords';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { UserAvatarCard } from '../parts/UserAvatarCard';
import { InviteDialog } from './InviteDialog';
import { useProject } from './ProjectFrame';
import styles from './Members.module.css';
import { TransferDialog } from './TransferDialog';
import { projectWords } from './words';

export const nameOf = (person: { fullName: string | null; email: string }): string => person.fullName ?? person.email;

type Asked = { kind: 'remove' | 'transfer'; member: Member } | { kind: 'leave' } | { kind: 'invite' } | null;

export function MembersPage() {
  const words = useWords(projectWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const own = useSession()?.user.id;
  const project = useProject(projectId).data;
  const may = useMay({ projectId });
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const owns = project?.ownerId === own;
  const members = api.useInfiniteQuery('get', '/api/v1/projects/{id}/members', { params: { path: { id: projectId }, query: { limit: 50 } } }, paged);
  const columns = useColumns({ projectId, own, onAsk: setAsked });
  const inside = owns || members.data?.pages.some((page) => page.items.some((member) => member.userId === own));
  return (
    <Page
      title={words.members}
      actions={<>
        {inside && !owns && <Button icon={<LogOut />} onClick={() => setAsked({ kind: 'leave' })}>{words.leave}</Button>}
        {may('members:invite') && <Button look="primary" icon={<UserPlus />} onClick={() => setAsked({ kind: 'invite' })}>{words.invite}</Button>}
      </>}
    >
      <Card flush>
        <PagedList query={members} height={44} empty={null}>
          {(items) => <Table label={words.members} rows={items} rowKey={(member) => member.userId} columns={columns} />}
        </PagedList>
      </Card>
      {may('members:invite') && <SentInvitations targetId={projectId} title={words.pending} text={words.pendingText} />}
      {asked?.kind === 'invite' && <InviteDialog projectId={projectId} onClose={close} />}
      {asked?.kind === 'transfer' && <TransferDialog projectId={projectId} member={asked.member} onClose={close} />}
      {asked?.kind === 'remove' && <RemoveMember projectId={projectId} member={asked.member} onClose={close} />}
      {asked?.kind === 'leave' && <LeaveProject projectId={projectId} name={project?.name ?? ''} onClose={close} />}
    </Page>
  );
}

function useColumns({ projectId, own, onAsk }: { projectId: string; own: string | undefined; onAsk: (asked: Asked) => void }): Column<Member>[] {
  const words = useWords(projectWords);
  const asPerson = useAsPerson();
  const may = useMay({ projectId });
  const actions = (member: Member): (MenuItem | null)[] => [
    ...(may('projects:transfer') ? [{ label: words.makeOwner, icon: <Crown />, onSelect: () => onAsk({ kind: 'transfer', member }) }, null] : []),
    { label: words.remove, icon: <UserMinus />, danger: true, onSelect: () => onAsk({ kind: 'remove', member }) },
  ];
  return [
    { key: 'person', title: words.person, cell: (member) => <UserAvatarCard person={asPerson({ ...member, id: member.userId })} note={member.userId === own ? words.you : undefined} /> },
    { key: 'role', title: words.role, cell: (member) => <RoleCell projectId={projectId} member={member} mayChange={may('members:manage') && member.role !== 'owner' && member.userId !== own} /> },
    { key: 'joined', title: words.joined, secondary: true, cell: (member) => date(member.joinedAt) },
    {
      key: 'actions', title: '', right: true,
      cell: (member) => may('members:manage') && member.role !== 'owner' && member.userId !== own && <Menu label={words.actions(nameOf(member))} items={actions(member)} />,
    },
  ];
}

const grantable: ProjectRole[] = ['viewer', 'member', 'admin'];

/** The role, as a choice for those who may change it. The new one shows at once and goes back if the server refuses. */
function RoleCell({ projectId, member, mayChange }: { projectId: string; member: Member; mayChange: boolean }) {
  const words = useWords(projectWords);
  const roles = useWords(roleWords);
  const invalidate = useInvalidate();
  const change = api.useMutation('put', '/api/v1/projects/{id}/members/{userId}', {
    onSuccess: (changed) => notify(words.roleChanged(nameOf(changed), roles.project[changed.role])),
    onSettled: () => invalidate('/api/v1/projects/{id}/members'),
  });
  if (!mayChange) return <Badge tone={member.role === 'owner' ? 'accent' : 'neutral'}>{roles.project[member.role]}</Badge>;
  const shown = change.isPending ? change.variables.body.role : member.role;
  return (
    <div className={styles.role}>
      <SelectField
        hideLabel label={words.roleOf(nameOf(member))} value={shown} disabled={change.isPending}
        options={grantable.map((role) => ({ value: role, label: roles.project[role] }))}
        onChange={(role) => change.mutate({ params: { path: { id: projectId, userId: member.userId } }, body: { role: role as ProjectRole } })}
      />
    </div>
  );
}

function RemoveMember({ projectId, member, onClose }: { projectId: string; member: Member; onClose: () => void }) {
  const words = useWords(projectWords);
  const invalidate = useInvalidate();
  const remove = api.useMutation('delete', '/api/v1/projects/{id}/members/{userId}', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/projects/{id}/members');
      notify(words.removed(nameOf(member)));
      onClose();
    },
  });
  return (
    <ConfirmDialog open onClose={onClose} title={words.removeTitle(nameOf(member))} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ params: { path: { id: projectId, userId: member.userId } } })}>
      {words.removeText}
    </ConfirmDialog>
  );
}

function LeaveProject({ projectId, name, onClose }: { projectId: string; name: string; onClose: () => void }) {
  const words = useWords(projectWords);
  const invalidate = useInvalidate();
  const navigate = useNavigate();
  const leave = api.useMutation('post', '/api/v1/projects/{id}/leave', {
    onError: () => undefined,
    onSuccess: async () => {
      await navigate({ to: '/projects' });
      notify(words.left(name));
      await invalidate('/api/v1/projects', '/api/v1/auth/permissions');
    },
  });
  return (
    <ConfirmDialog open onClose={onClose} title={words.leaveTitle(name)} confirm={words.leave} busy={leave.isPending} error={leave.error} onConfirm={() => leave.mutate({ params: { path: { id: projectId } } })}>
      {words.leaveText}
    </ConfirmDialog>
  );
}
