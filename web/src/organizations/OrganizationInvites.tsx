import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { Account, SystemRole } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { SelectField, TextArea, TextField } from '../parts/Field';
import { PersonPicker } from '../parts/PersonPicker';
import { roleWords } from '../parts/roleWords';
import { ProblemNote } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { organizationWords } from './words';

/** System roles that a manager may grant; administrators grant all. */
const byManagers: SystemRole[] = ['guest', 'standard_engineer', 'advanced_engineer'];

export const useGrantableRoles = (): SystemRole[] => (useMay()('users:delete') ? [...byManagers, 'manager', 'admin'] : byManagers);

export function InviteToOrganization({ organizationId, onClose }: { organizationId: string; onClose: () => void }) {
  const words = useWords(organizationWords);
  const parts = useWords(partWords);
  const roles = useWords(roleWords);
  const grantable = useGrantableRoles();
  const invalidate = useInvalidate();
  const [form, setForm] = useState<{ email: string; role: SystemRole; message: string }>({ email: '', role: 'standard_engineer', message: '' });
  const invite = api.useMutation('post', '/api/v1/organizations/{id}/invitations', {
    onError: () => undefined,
    onSuccess: async (invitation) => {
      await invalidate('/api/v1/invitations', '/api/v1/organizations/{id}/usage');
      notify(words.sentTo(invitation.email));
      onClose();
    },
  });
  const fields = invite.error === null ? {} : asProblem(invite.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.invite}
      onSubmit={() => invite.mutate({ params: { path: { id: organizationId } }, body: { email: form.email.trim(), role: form.role, message: form.message.trim() || null } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={invite.isPending}>{words.send}</Button></>}
    >
      <TextField label={words.email} type="email" required autoFocus autoComplete="off" value={form.email} error={fields.email} onChange={(event) => setForm({ ...form, email: event.target.value })} />
      <SelectField label={words.role} hint={words.roleHint} value={form.role} error={fields.role} options={grantable.map((role) => ({ value: role, label: roles.system[role] }))} onChange={(role) => setForm({ ...form, role: role as SystemRole })} />
      <TextArea label={`${words.message} (${parts.optional})`} hint={words.messageHint} maxLength={1000} value={form.message} error={fields.message} onChange={(event) => setForm({ ...form, message: event.target.value })} />
      {Object.keys(fields).length === 0 && <ProblemNote error={invite.error} />}
    </Dialog>
  );
}

/** Adds an existing account that belongs to no organization. */
export function AddAccountDialog({ organizationId, onClose }: { organizationId: string; onClose: () => void }) {
  const words = useWords(organizationWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Account | null>(null);
  const found = api.useQuery('get', '/api/v1/admin/users', { params: { query: { limit: 50, sort: 'email', active: true, ...(search.trim() ? { search: search.trim() } : {}) } } }, { placeholderData: (before) => before });
  const add = api.useMutation('put', '/api/v1/organizations/{id}/members/{userId}', {
    onError: () => undefined,
    onSuccess: async (person) => {
      await invalidate('/api/v1/organizations/{id}/members', '/api/v1/organizations/{id}/usage', '/api/v1/admin/users');
      notify(words.added(person.fullName ?? person.email));
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.add}
      description={words.addText}
      onSubmit={() => { if (chosen !== null) add.mutate({ params: { path: { id: organizationId, userId: chosen.id } } }); }}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" disabled={chosen === null} busy={add.isPending}>{words.add}</Button></>}
    >
      <PersonPicker label={words.find} search={search} onSearch={setSearch} people={found.data?.items.filter((account) => account.organizationId === null)} error={found.error} nobody={words.noAccounts} chosen={chosen} onChoose={setChosen} />
      <ProblemNote error={add.error} />
    </Dialog>
  );
}
