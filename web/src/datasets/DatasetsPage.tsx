import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Database, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Page } from '../parts/Page';
import { Empty, ErrorState } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { partWords } from '../parts/words';
import { DatasetPreview } from './DatasetPreview';
import styles from './Datasets.module.css';
import { NewDataset } from './NewDataset';
import { datasetWords } from './words';

export function DatasetsPage() {
  const words = useWords(datasetWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId/datasets' });
  const { order = 'newest' } = useSearch({ from: '/members/projects/$projectId/datasets' });
  const navigate = useNavigate({ from: '/projects/$projectId/datasets' });
  const [creating, setCreating] = useState(false);
  const may = useMay({ projectId });
  const create = may('datasets:write') && <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>{words.newDataset}</Button>;
  return (
    <Page
      title={words.datasets}
      actions={<><Segments label={words.sort} value={order} onChange={(next) => void navigate({ search: { order: next === 'newest' ? undefined : next }, replace: true })} options={[{ value: 'newest', label: words.newest }, { value: 'oldest', label: words.oldest }]} />{create}</>}
    >
      <List projectId={projectId} oldestFirst={order === 'oldest'} create={create} />
      {creating && <NewDataset projectId={projectId} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function List({ projectId, oldestFirst, create }: { projectId: string; oldestFirst: boolean; create: React.ReactNode }) {
  const words = useWords(datasetWords);
  const parts = useWords(partWords);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets', { params: { query: { projectId, limit: 24, sort: oldestFirst ? 'createdAt' : '-createdAt' } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (before) => before,
  });
  if (pages.isPending) return <CardSkeletons />;
  if (pages.isError) return <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} />;
  const datasets = pages.data.pages.flatMap((page) => page.items);
  if (datasets.length === 0) return <Empty icon={<Database />} title={words.none} action={create}>{words.noneText}</Empty>;
  return (
    <>
      <ul className={styles.cards}>{datasets.map((dataset) => <li key={dataset.id}><DatasetPreview dataset={dataset} /></li>)}</ul>
      {pages.hasNextPage && <div><Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{parts.more}</Button></div>}
    </>
  );
}

/** Places of cards while a list of datasets is loaded. */
export function CardSkeletons() {
  const parts = useWords(partWords);
  return <div className={styles.cards} role="status" aria-label={parts.loading}>{Array.from({ length: 6 }, (_, index) => <span key={index} className={styles.cardSkeleton} />)}</div>;
}
