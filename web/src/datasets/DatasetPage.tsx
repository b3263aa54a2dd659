import { Link, Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { SquareDashedMousePointer } from 'lucide-react';
import { api } from '../api/client';
import { bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { ErrorState, Skeleton } from '../parts/States';
import { LinkTabs, type Tab } from '../parts/Tabs';
import { TaskBadge } from './DatasetPreview';
import styles from './Datasets.module.css';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';
import { datasetWords } from './words';

/** Name and tabs of a dataset, around the page of one of them. */
export function DatasetPage() {
  const words = useWords(datasetWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId);
  const may = useDatasetMay(datasetId);
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (dataset.isError) return <ErrorState error={dataset.error} onRetry={() => void dataset.refetch()} />;
  const params = { datasetId };
  const data = dataset.data;
  const tabs: (Tab | false)[] = [
    { label: words.tabImages, to: '/datasets/$datasetId', params, activeOptions: { exact: true, includeSearch: false } },
    may('datasets:write') && { label: words.tabUpload, to: '/datasets/$datasetId/upload', params },
    { label: words.tabImports, to: '/datasets/$datasetId/imports', params, activeOptions: { includeSearch: false } },
    { label: words.tabProposals, to: '/datasets/$datasetId/proposals', params, activeOptions: { includeSearch: false } },
    { label: words.tabClasses, to: '/datasets/$datasetId/classes', params },
    // The difference of two versions belongs to the versions too.
    { label: words.tabVersions, to: '/datasets/$datasetId/versions', params, ...(path.endsWith('/difference') ? { 'data-active': 'true' } : {}) } as Tab,
    { label: words.tabStatistics, to: '/datasets/$datasetId/statistics', params, activeOptions: { includeSearch: false } },
    { label: words.tabPeople, to: '/datasets/$datasetId/sharing', params },
    { label: words.tabSettings, to: '/datasets/$datasetId/settings', params },
  ];
  return (
    <div className={styles.frame}>
      <header className={styles.frameHeader}>
        <nav className={styles.crumbs} aria-label={words.project}>
          {data === undefined ? <span>{words.datasets}</span> : <Crumbs projectId={data.projectId} />}
        </nav>
        <div className={styles.frameLine}>
          {data === undefined ? <Skeleton lines={1} height={20} /> : (
            <p className={styles.frameTitle}>
              {data.name} <TaskBadge task={data.taskType} />
              <span className={styles.frameFacts}>{words.images(number(data.imageCount))} · {bytes(data.sizeBytes)}</span>
            </p>
          )}
          {data !== undefined && hasAnnotations(data.taskType) && <ButtonLink icon={<SquareDashedMousePointer />} to="/datasets/$datasetId/annotate" params={params}>{words.annotate}</ButtonLink>}
        </div>
        <LinkTabs label={words.tabs} tabs={tabs.filter((tab) => tab !== false)} />
      </header>
      <Outlet />
    </div>
  );
}

/** Leads back to the project for its members, and to the shared datasets for everybody else. */
function Crumbs({ projectId }: { projectId: string }) {
  const words = useWords(datasetWords);
  const project = api.useQuery('get', '/api/v1/projects/{id}', { params: { path: { id: projectId } } }, { staleTime: 300_000, retry: false });
  if (project.isError) return <Link to="/shared-datasets">{words.shared}</Link>;
  return <><Link to="/projects/$projectId" params={{ projectId }}>{project.data?.name ?? words.project}</Link><span aria-hidden="true">/</span><Link to="/projects/$projectId/datasets" params={{ projectId }}>{words.datasets}</Link></>;
}
