import { Link, Outlet, useParams } from '@tanstack/react-router';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { useWords } from '../app/words';
import { LinkTabs, type Tab } from '../parts/Tabs';
import { ErrorState, Skeleton } from '../parts/States';
import styles from './Projects.module.css';
import { projectWords } from './words';

/** The project of the page that is shown. */
export const useProject = (projectId: string) => api.useQuery('get', '/api/v1/projects/{id}', { params: { path: { id: projectId } } }, { staleTime: 30_000 });

/** Name and tabs of a project, around the page of one of them. */
export function ProjectFrame() {
  const words = useWords(projectWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const project = useProject(projectId);
  const may = useMay({ projectId });
  if (project.isError) return <ErrorState error={project.error} onRetry={() => void project.refetch()} />;
  const params = { projectId };
  const tabs: (Tab | false)[] = [
    { label: words.overview, to: '/projects/$projectId', params, activeOptions: { exact: true } },
    may('datasets:read') && { label: words.datasets, to: '/projects/$projectId/datasets', params },
    may('training:read') && { label: words.jobs, to: '/projects/$projectId/jobs', params },
    may('training:read') && { label: words.sweeps, to: '/projects/$projectId/sweeps', params },
    may('models:read') && { label: words.models, to: '/projects/$projectId/models', params },
    may('training:read') && { label: words.predictions, to: '/projects/$projectId/predictions', params },
    may('exports:read') && { label: words.exports, to: '/projects/$projectId/exports', params },
    may('deployments:read') && { label: words.deployments, to: '/projects/$projectId/deployments', params },
    { label: words.members, to: '/projects/$projectId/members', params },
    may('projects:write') && { label: words.settings, to: '/projects/$projectId/settings', params },
  ];
  return (
    <div className={styles.frame}>
      <header className={styles.frameHeader}>
        <nav className={styles.crumbs} aria-label={words.project}><Link to="/projects">{words.projects}</Link></nav>
        {project.data === undefined ? <Skeleton lines={1} height={20} /> : <p className={styles.frameTitle}>{project.data.name}</p>}
        <LinkTabs label={words.parts} tabs={tabs.filter((tab) => tab !== false)} />
      </header>
      <Outlet />
    </div>
  );
}
