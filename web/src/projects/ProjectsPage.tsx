import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { FolderKanban, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import { ago } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { TextArea, TextField } from '../parts/Field';
import { Page } from '../parts/Page';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import { ProjectCard } from './ProjectCard';
import styles from './Projects.module.css';
import { projectWords } from './words';

export function ProjectsPage() {
  const words = useWords(projectWords);
  const { name = '' } = useSearch({ from: '/members/projects' });
  const navigate = useNavigate({ from: '/projects' });
  const [creating, setCreating] = useState(false);
  const may = useMay();
  return (
    <Page title={words.projects} actions={may('projects:create') && <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>{words.newProject}</Button>}>
      <div className={styles.search}>
        <TextField label={words.search} hideLabel type="search" placeholder={words.search} value={name} onChange={(event) => void navigate({ search: { name: event.target.value || undefined }, replace: true })} />
      </div>
      <ProjectList name={name} onCreate={() => setCreating(true)} />
      {creating && <NewProject onClose={() => setCreating(false)} />}
    </Page>
  );
}

/** Projects whose name contains a text, as cards, newest change first. */
export function ProjectList({ name, onCreate }: { name: string; onCreate?: () => void }) {
  const words = useWords(projectWords);
  const parts = useWords(partWords);
  const pages = api.useInfiniteQuery('get', '/api/v1/projects', { params: { query: { sort: '-updatedAt', limit: 24, ...(name ? { name } : {}) } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (before) => before,
  });
  if (pages.isPending) return <Skeleton lines={6} height={44} />;
  if (pages.isError) return <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} />;
  const projects = pages.data.pages.flatMap((page) => page.items);
  if (projects.length === 0)
    return name !== ''
      ? <Empty title={words.noneFound} />
      : <Empty icon={<FolderKanban />} title={words.none} action={onCreate && <Button look="primary" onClick={onCreate}>{words.newProject}</Button>}>{words.noneText}</Empty>;
  return (
    <>
      <ul className={styles.cards}>
        {projects.map((project) => (
          <li key={project.id}>
            <Link to="/projects/$projectId" params={{ projectId: project.id }} className={styles.link}>
              <ProjectCard name={project.name} description={project.description} note={`${words.changed} ${ago(project.updatedAt)}`} />
            </Link>
          </li>
        ))}
      </ul>
      {pages.hasNextPage && <div><Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{parts.more}</Button></div>}
    </>
  );
}

function NewProject({ onClose }: { onClose: () => void }) {
  const words = useWords(projectWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [form, setForm] = useState({ name: '', description: '' });
  const create = api.useMutation('post', '/api/v1/projects', {
    onError: () => undefined,
    onSuccess: (project) => {
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/projects'] });
      notify(words.created(project.name));
      void navigate({ to: '/projects/$projectId', params: { projectId: project.id } });
    },
  });
  const fields = create.error === null ? {} : asProblem(create.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.newProject}
      onSubmit={() => create.mutate({ body: { name: form.name, description: form.description.trim() || null } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={create.isPending}>{words.create}</Button></>}
    >
      <TextField label={words.name} required autoFocus maxLength={200} value={form.name} error={fields.name} onChange={(event) => setForm({ ...form, name: event.target.value })} />
      <TextArea label={`${words.description} (${parts.optional})`} value={form.description} error={fields.description} onChange={(event) => setForm({ ...form, description: event.target.value })} />
      {Object.keys(fields).length === 0 && <ProblemNote error={create.error} />}
    </Dialog>
  );
}
