import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Organization } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import styles from './Organizations.module.css';
import { organizationWords } from './words';

const limits = ['maxUsers', 'maxStorageGb', 'maxGpuHoursPerMonth', 'maxConcurrentJobs'] as const;

/** Creates an organization, or changes the one that is given. */
export function OrganizationDialog({ organization, onClose }: { organization?: Organization; onClose: () => void }) {
  const words = useWords(organizationWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const navigate = useNavigate();
  const text = (value: string | number | null | undefined): string => (value === null || value === undefined ? '' : String(value));
  const [form, setForm] = useState({
    name: text(organization?.name), company: text(organization?.company), division: text(organization?.division), maxUsers: text(organization?.maxUsers), maxStorageGb: text(organization?.maxStorageGb),
    maxGpuHoursPerMonth: text(organization?.maxGpuHoursPerMonth), maxConcurrentJobs: text(organization?.maxConcurrentJobs),
  });
  const finish = async (saved: Organization): Promise<void> => {
    await invalidate('/api/v1/organizations', '/api/v1/organizations/{id}', '/api/v1/organizations/{id}/usage');
    notify(organization === undefined ? words.created(saved.name) : words.saved);
    onClose();
    if (organization === undefined) void navigate({ to: '/organizations/$organizationId', params: { organizationId: saved.id } });
  };
  const create = api.useMutation('post', '/api/v1/organizations', { onError: () => undefined, onSuccess: finish });
  const update = api.useMutation('put', '/api/v1/organizations/{id}', { onError: () => undefined, onSuccess: finish });
  const error = create.error ?? update.error;
  const fields = error === null ? {} : asProblem(error).fields;
  const submit = (): void => {
    const figure = (value: string): number | null => (value.trim() === '' ? null : Number(value));
    const body = {
      name: form.name.trim(), company: form.company.trim() || null, division: form.division.trim() || null, maxUsers: figure(form.maxUsers), maxStorageGb: figure(form.maxStorageGb),
      maxGpuHoursPerMonth: figure(form.maxGpuHoursPerMonth), maxConcurrentJobs: figure(form.maxConcurrentJobs),
    };
    if (organization === undefined) create.mutate({ body });
    else update.mutate({ params: { path: { id: organization.id } }, body });
  };
  const field = (name: keyof typeof form) => ({ value: form[name], error: fields[name], onChange: (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value }) });
  return (
    <Dialog
      open
      onClose={onClose}
      title={organization === undefined ? words.newOrganization : words.edit}
      onSubmit={submit}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={create.isPending || update.isPending}>{organization === undefined ? words.create : words.save}</Button></>}
    >
      <TextField label={words.name} required autoFocus maxLength={200} {...field('name')} />
      <div className={styles.pair}>
        <TextField label={`${words.company} (${parts.optional})`} maxLength={200} {...field('company')} />
        <TextField label={`${words.division} (${parts.optional})`} maxLength={200} {...field('division')} />
      </div>
      <fieldset className={styles.limits}>
        <legend>{words.limitFields}</legend>
        <div className={styles.pair}>{limits.map((name) => <TextField key={name} label={words[name]} type="number" min={0} max={1_000_000} step={1} inputMode="numeric" {...field(name)} />)}</div>
      </fieldset>
      {Object.keys(fields).length === 0 && <ProblemNote error={error} />}
    </Dialog>
  );
}
