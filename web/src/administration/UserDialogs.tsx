import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Account, SystemRole } from '../api/schema';
import { useWords } from '../app/words';
import { useGrantableRoles } from '../organizations/OrganizationInvites';
import { Button } from '../parts/Button';
import { ConfirmDialog, Dialog } from '../parts/Dialog';
import { SelectField, TextField } from '../parts/Field';
import { roleWords } from '../parts/roleWords';
import { ProblemNote } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { administrationWords } from './words';

type Props = { account: Account; onClose: () => void };

const nameOf = (account: Account): string => account.fullName ?? account.email;

/** What all changes of an account do in the end: say so, and read the list again. */
function useFinish(onClose: () => void): (text: string) => Promise<void> {
  const invalidate = useInvalidate();
  return async (text) => {
    await invalidate('/api/v1/admin/users', '/api/v1/organizations/{id}/members');
    notify(text);
    onClose();
  };
}

export function EditAccount({ account, onClose }: Props) {
  const words = useWords(administrationWords);
  const parts = useWords(partWords);
  const finish = useFinish(onClose);
  const [form, setForm] = useState({ fullName: account.fullName ?? '', email: account.email });
  const save = api.useMutation('put', '/api/v1/admin/users/{id}', { onError: () => undefined, onSuccess: () => finish(words.saved) });
  const fields = save.error === null ? {} : asProblem(save.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.edit}
      onSubmit={() => save.mutate({ params: { path: { id: account.id } }, body: { email: form.email.trim(), fullName: form.fullName.trim() || null } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={save.isPending}>{words.save}</Button></>}
    >
      <TextField label={`${words.name} (${parts.optional})`} autoFocus maxLength={200} value={form.fullName} error={fields.fullName} onChange={(event) => setForm({ ...form, fullName: event.target.value })} />
      <TextField label={words.email} type="email" required value={form.email} error={fields.email} onChange={(event) => setForm({ ...form, email: event.target.value })} />
      {Object.keys(fields).length === 0 && <ProblemNote error={save.error} />}
    </Dialog>
  );
}

export function RoleDialog({ account, onClose }: Props) {
  const words = useWords(administrationWords);
  const parts = useWords(partWords);
  const roles = useWords(roleWords);
  const finish = useFinish(onClose);
  const grantable = useGrantableRoles();
  const [role, setRole] = useState<SystemRole>(account.role);
  const change = api.useMutation('put', '/api/v1/admin/users/{id}/role', { onError: () => undefined, onSuccess: (changed) => finish(words.roleChanged(nameOf(changed), roles.system[changed.role])) });
  const fields = change.error === null ? {} : asProblem(change.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.roleOf(nameOf(account))}
      description={words.roleText}
      onSubmit={() => change.mutate({ params: { path: { id: account.id } }, body: { role } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={change.isPending} disabled={role === account.role}>{words.save}</Button></>}
    >
      <SelectField label={words.role} value={role} error={fields.role} options={grantable.map((value) => ({ value, label: roles.system[value] }))} onChange={(value) => setRole(value as SystemRole)} />
      {Object.keys(fields).length === 0 && <ProblemNote error={change.error} />}
    </Dialog>
  );
}

export function DeactivateAccount({ account, onClose }: Props) {
  const words = useWords(administrationWords);
  const finish = useFinish(onClose);
  const deactivate = api.useMutation('post', '/api/v1/admin/users/{id}/deactivate', { onError: () => undefined, onSuccess: () => finish(words.deactivated(nameOf(account))) });
  return <ConfirmDialog open onClose={onClose} title={words.deactivateTitle(nameOf(account))} confirm={words.deactivate} busy={deactivate.isPending} error={deactivate.error} onConfirm={() => deactivate.mutate({ params: { path: { id: account.id } } })}>{words.deactivateText}</ConfirmDialog>;
}

export function DeleteAccount({ account, onClose }: Props) {
  const words = useWords(administrationWords);
  const finish = useFinish(onClose);
  const remove = api.useMutation('delete', '/api/v1/admin/users/{id}', { onError: () => undefined, onSuccess: () => finish(words.removed(nameOf(account))) });
  return <ConfirmDialog open onClose={onClose} title={words.removeTitle(nameOf(account))} typed={account.email} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ params: { path: { id: account.id } } })}>{words.removeText}</ConfirmDialog>;
}
