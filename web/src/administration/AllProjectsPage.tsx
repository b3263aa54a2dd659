import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Crown, FolderKanban } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import type { Account, Project } from '../api/schema';
import { ago, date, dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { TextField } from '../parts/Field';
import { Card } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { useAsPerson } from '../parts/person';
import { PersonPicker } from '../parts/PersonPicker';
import { Empty, ProblemNote } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { UserAvatarCard } from '../parts/UserAvatarCard';
import { partWords } from '../parts/words';
import styles from './Administration.module.css';
import { AdministrationFrame } from './AdministrationFrame';
import { administrationWords } from './words';

/** Projects of all people, whose owner administrators can change. */
export function AllProjectsPage() {
  return <AdministrationFrame permission="projects:administer"><Projects /></AdministrationFrame>;
}

function Projects() {
  const words = useWords(administrationWords);
  const { name = '' } = useSearch({ from: '/members/administration/projects' });
  const navigate = useNavigate({ from: '/administration/projects' });
  const [moved, setMoved] = useState<Project | null>(null);
  const query = api.useInfiniteQuery('get', '/api/v1/admin/projects', { params: { query: { limit: 50, sort: '-updatedAt', ...(name ? { name } : {}) } } }, paged);
  const columns: Column<Project>[] = [
    { key: 'name', title: words.name, cell: (project) => <Link to="/projects/$projectId" params={{ projectId: project.id }}>{project.name}</Link> },
    { key: 'owner', title: words.owner, cell: (project) => <Owner id={project.ownerId} /> },
    { key: 'created', title: words.created, secondary: true, cell: (project) => date(project.createdAt) },
    { key: 'changed', title: words.changed, secondary: true, cell: (project) => <span title={dateTime(project.updatedAt)}>{ago(project.updatedAt)}</span> },
    { key: 'actions', title: '', right: true, cell: (project) => <Button look="quiet" size="small" icon={<Crown />} aria-label={words.ownerOf(project.name)} onClick={() => setMoved(project)}>{words.changeOwner}</Button> },
  ];
  return (
    <>
      <div className={styles.filters}>
        <TextField label={words.searchProjects} hideLabel type="search" placeholder={words.searchProjects} value={name} onChange={(event) => void navigate({ search: { name: event.target.value || undefined }, replace: true })} />
      </div>
      <Card flush>
        <PagedList query={query} rows={8} height={44} empty={<Empty icon={<FolderKanban />} title={words.noProjects} />}>
          {(items) => <Table label={words.projects} rows={items} rowKey={(project) => project.id} columns={columns} />}
        </PagedList>
      </Card>
      {moved !== null && <ChangeOwner project={moved} onClose={() => setMoved(null)} />}
    </>
  );
}

/** The owner's name, read once for all of the owner's projects. */
function Owner({ id }: { id: string }) {
  const words = useWords(administrationWords);
  const asPerson = useAsPerson();
  const owner = api.useQuery('get', '/api/v1/admin/users/{id}', { params: { path: { id } } }, { staleTime: 300_000 });
  if (owner.data !== undefined) return <UserAvatarCard person={asPerson(owner.data)} />;
  return <span className={styles.id}>{owner.isError ? words.deletedAccount : id.slice(0, 8)}</span>;
}

function ChangeOwner({ project, onClose }: { project: Project; onClose: () => void }) {
  const words = useWords(administrationWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Account | null>(null);
  const found = api.useQuery('get', '/api/v1/admin/users', { params: { query: { limit: 20, sort: 'email', active: true, ...(search.trim() ? { search: search.trim() } : {}) } } }, { placeholderData: (before) => before });
  const change = api.useMutation('put', '/api/v1/admin/projects/{id}/owner', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/admin/projects', '/api/v1/projects', '/api/v1/projects/{id}', '/api/v1/projects/{id}/members');
      notify(words.ownerChanged(project.name, chosen?.fullName ?? chosen?.email ?? ''));
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.ownerOf(project.name)}
      description={words.ownerText}
      onSubmit={() => { if (chosen !== null) change.mutate({ params: { path: { id: project.id } }, body: { userId: chosen.id } }); }}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" disabled={chosen === null} busy={change.isPending}>{words.changeOwner}</Button></>}
    >
      <PersonPicker label={words.find} search={search} onSearch={setSearch} people={found.data?.items.filter((account) => account.id !== project.ownerId)} error={found.error} nobody={words.nobody} chosen={chosen} onChoose={setChosen} />
      <ProblemNote error={change.error} />
    </Dialog>
  );
}
