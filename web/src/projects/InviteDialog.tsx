import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { OrganizationMember, ProjectRole } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { SelectField, TextArea, TextField } from '../parts/Field';
import { PersonPicker } from '../parts/PersonPicker';
import { roleWords } from '../parts/roleWords';
import { ProblemNote } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { projectWords } from './words';

type Invited = 'viewer' | 'member' | 'admin';

/** Invites an address, or adds a colleague of the own organization at once. */
export function InviteDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const words = useWords(projectWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const organization = api.useQuery('get', '/api/v1/organizations', { params: { query: { limit: 2 } } }).data;
  // Administrators see all organizations, so none of them is known to be their own.
  const ownOrganization = organization?.items.length === 1 ? organization.items[0] : undefined;
  const [way, setWay] = useState<'mail' | 'colleague'>('mail');
  const [role, setRole] = useState<Invited>('member');
  const [email, setEmail] = useState('');
  const [message, setMessage] = useState('');
  const [colleague, setColleague] = useState<OrganizationMember | null>(null);
  const invite = api.useMutation('post', '/api/v1/projects/{id}/invitations', {
    onError: () => undefined,
    onSuccess: async (invitation) => {
      await invalidate('/api/v1/invitations');
      notify(words.sentTo(invitation.email));
      onClose();
    },
  });
  const add = api.useMutation('post', '/api/v1/projects/{id}/members', {
    onError: () => undefined,
    onSuccess: async (member) => {
      await invalidate('/api/v1/projects/{id}/members');
      notify(words.added(member.fullName ?? member.email));
      onClose();
    },
  });
  const error = way === 'mail' ? invite.error : add.error;
  const fields = error === null ? {} : asProblem(error).fields;
  const submit = (): void => {
    const params = { path: { id: projectId } };
    if (way === 'mail') invite.mutate({ params, body: { email: email.trim(), role, message: message.trim() || null } });
    else if (colleague !== null) add.mutate({ params, body: { userId: colleague.id, role } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.invite}
      onSubmit={submit}
      footer={<>
        <Button onClick={onClose}>{parts.cancel}</Button>
        <Button look="primary" type="submit" busy={invite.isPending || add.isPending} disabled={way === 'colleague' && colleague === null}>{way === 'mail' ? words.send : words.add}</Button>
      </>}
    >
      {ownOrganization !== undefined && <div><Segments label={words.invite} value={way} onChange={setWay} options={[{ value: 'mail', label: words.byMail }, { value: 'colleague', label: words.colleague }]} /></div>}
      {way === 'mail'
        ? <TextField label={words.email} type="email" required autoFocus autoComplete="off" value={email} error={fields.email} onChange={(event) => setEmail(event.target.value)} />
        : ownOrganization !== undefined && <Colleagues projectId={projectId} organizationId={ownOrganization.id} chosen={colleague} onChoose={setColleague} />}
      <RoleField value={role} error={fields.role} onChange={setRole} />
      {way === 'mail' && <TextArea label={`${words.message} (${parts.optional})`} hint={words.messageHint} maxLength={1000} value={message} error={fields.message} onChange={(event) => setMessage(event.target.value)} />}
      {Object.keys(fields).length === 0 && <ProblemNote error={error} />}
    </Dialog>
  );
}

function RoleField({ value, error, onChange }: { value: Invited; error: string | undefined; onChange: (role: Invited) => void }) {
  const words = useWords(projectWords);
  const roles = useWords(roleWords);
  const choices: Invited[] = ['viewer', 'member', 'admin'];
  return <SelectField label={words.role} hint={roles.projectMeans[value]} error={error} value={value} options={choices.map((role) => ({ value: role, label: roles.project[role as ProjectRole] }))} onChange={(role) => onChange(role as Invited)} />;
}

function Colleagues({ projectId, organizationId, chosen, onChoose }: { projectId: string; organizationId: string; chosen: OrganizationMember | null; onChoose: (person: OrganizationMember) => void }) {
  const words = useWords(projectWords);
  const [search, setSearch] = useState('');
  const people = api.useQuery('get', '/api/v1/organizations/{id}/members', { params: { path: { id: organizationId }, query: { limit: 20, sort: 'email', ...(search.trim() ? { search: search.trim() } : {}) } } }, { placeholderData: (before) => before });
  const members = api.useQuery('get', '/api/v1/projects/{id}/members', { params: { path: { id: projectId }, query: { limit: 100 } } }).data;
  const inside = new Set(members?.items.map((member) => member.userId));
  const candidates = people.data?.items.filter((person) => person.isActive && !inside.has(person.id));
  return <PersonPicker label={words.findColleague} search={search} onSearch={setSearch} people={candidates} error={people.error} nobody={words.noColleague} chosen={chosen} onChoose={onChoose} />;
}
