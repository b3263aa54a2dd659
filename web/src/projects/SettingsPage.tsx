import { useNavigate, useParams } from '@tanstack/react-router';
import { ShieldAlert } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { usePermissions, useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { Project } from '../api/schema';
import { bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { Fields, SelectField, TextArea, TextField } from '../parts/Field';
import { Card, Page } from '../parts/Page';
import { Empty, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { useProject } from './ProjectFrame';
import styles from './Settings.module.css';
import { TransferDialog } from './TransferDialog';
import { countText, useContents } from './useContents';
import { projectWords } from './words';

export function SettingsPage() {
  const words = useWords(projectWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const project = useProject(projectId).data;
  const permissions = usePermissions({ projectId });
  const may = useMay({ projectId });
  if (permissions.data !== undefined && !may('projects:write'))
    return <Page title={words.settings}><Empty icon={<ShieldAlert />} title={words.mayNot}>{words.mayNotText}</Empty></Page>;
  return (
    <Page title={words.settings}>
      <Card title={words.general}>{project === undefined ? <Skeleton lines={5} height={32} /> : <General key={project.id} project={project} />}</Card>
      <Card title={words.transfer}><Transfer projectId={projectId} mayTransfer={may('projects:transfer')} /></Card>
      <Card title={words.delete}>{project === undefined ? <Skeleton lines={1} height={32} /> : <Delete project={project} mayDelete={may('projects:delete')} />}</Card>
    </Page>
  );
}

function General({ project }: { project: Project }) {
  const words = useWords(projectWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const [form, setForm] = useState({ name: project.name, description: project.description ?? '' });
  const save = api.useMutation('put', '/api/v1/projects/{id}', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/projects', '/api/v1/projects/{id}');
      notify(words.saved);
    },
  });
  const fields = save.error === null ? {} : asProblem(save.error).fields;
  const changed = form.name !== project.name || form.description !== (project.description ?? '');
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); save.mutate({ params: { path: { id: project.id } }, body: { name: form.name.trim(), description: form.description.trim() || null } }); }}>
      <Fields>
        <TextField label={words.name} required maxLength={200} value={form.name} error={fields.name} onChange={(event) => setForm({ ...form, name: event.target.value })} />
        <TextArea label={`${words.description} (${parts.optional})`} rows={4} maxLength={4000} value={form.description} error={fields.description} onChange={(event) => setForm({ ...form, description: event.target.value })} />
        {Object.keys(fields).length === 0 && <ProblemNote error={save.error} />}
        <div><Button look="primary" type="submit" busy={save.isPending} disabled={!changed}>{words.save}</Button></div>
      </Fields>
    </form>
  );
}

function Transfer({ projectId, mayTransfer }: { projectId: string; mayTransfer: boolean }) {
  const words = useWords(projectWords);
  const members = api.useQuery('get', '/api/v1/projects/{id}/members', { params: { path: { id: projectId }, query: { limit: 100 } } });
  const [chosen, setChosen] = useState('');
  const [asking, setAsking] = useState(false);
  const candidates = members.data?.items.filter((member) => member.role !== 'owner') ?? [];
  const member = candidates.find((one) => one.userId === chosen);
  const hint = !mayTransfer ? words.onlyOwner : members.data !== undefined && candidates.length === 0 ? words.noCandidates : undefined;
  return (
    <div className={styles.form}>
      <Fields>
        <p>{words.transferText}</p>
        <SelectField
          label={words.newOwner} hint={hint} value={chosen} onChange={setChosen} disabled={!mayTransfer || candidates.length === 0}
          options={[{ value: '', label: words.choose }, ...candidates.map((one) => ({ value: one.userId, label: one.fullName === null ? one.email : `${one.fullName} (${one.email})` }))]}
        />
        <div><Button look="danger" disabled={!mayTransfer || member === undefined} onClick={() => setAsking(true)}>{words.transfer}</Button></div>
      </Fields>
      {asking && member !== undefined && <TransferDialog projectId={projectId} member={member} onClose={() => { setAsking(false); setChosen(''); }} />}
    </div>
  );
}

function Delete({ project, mayDelete }: { project: Project; mayDelete: boolean }) {
  const words = useWords(projectWords);
  const [asking, setAsking] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const contents = useContents(project.id, !deleting);
  const active = contents.deployments.data?.items.filter((deployment) => deployment.state === 'active' || deployment.state === 'deploying' || deployment.state === 'pending').length ?? 0;
  const running = contents.running?.length ?? 0;
  const blocked = running > 0 ? words.blockedJobs(number(running)) : active > 0 ? words.blockedDeployments(number(active)) : undefined;
  return (
    <div className={styles.form}>
      <Fields>
        <p>{words.deleteText}</p>
        {(blocked !== undefined || !mayDelete) && <p className={styles.blocked}>{mayDelete ? blocked : words.onlyOwner}</p>}
        <div><Button look="danger" disabled={!mayDelete || blocked !== undefined} onClick={() => setAsking(true)}>{words.delete}</Button></div>
      </Fields>
      {asking && <ConfirmDelete project={project} contents={contents} onStart={setDeleting} onClose={() => setAsking(false)} />}
    </div>
  );
}

function ConfirmDelete({ project, contents, onStart, onClose }: { project: Project; contents: ReturnType<typeof useContents>; onStart: (started: boolean) => void; onClose: () => void }) {
  const words = useWords(projectWords);
  const navigate = useNavigate();
  const invalidate = useInvalidate();
  const remove = api.useMutation('delete', '/api/v1/projects/{id}', {
    onMutate: () => onStart(true),
    onError: () => onStart(false),
    onSuccess: async () => {
      await navigate({ to: '/projects' });
      notify(words.deleted(project.name));
      await invalidate('/api/v1/projects');
    },
  });
  const datasets = contents.datasets.data?.items ?? [];
  const images = datasets.reduce((sum, dataset) => sum + dataset.imageCount, 0);
  const size = datasets.reduce((sum, dataset) => sum + dataset.sizeBytes, 0);
  const count = (query: { data?: { items: unknown[]; nextCursor: string | null } | undefined }): string => countText(query.data) ?? '…';
  return (
    <ConfirmDialog open onClose={onClose} title={words.deleteTitle(project.name)} typed={project.name} confirm={words.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ params: { path: { id: project.id } } })}>
      <p>{words.destroys}</p>
      <ul className={styles.destroys}>
        <li>{words.counts.datasets(count(contents.datasets))}{images > 0 && `, ${words.destroysImages(number(images), bytes(size))}`}</li>
        <li>{words.counts.jobs(count(contents.jobs))}</li>
        <li>{words.counts.models(count(contents.models))}</li>
        <li>{words.counts.deployments(count(contents.deployments))}</li>
        <li>{words.destroysMembers}</li>
      </ul>
    </ConfirmDialog>
  );
}
