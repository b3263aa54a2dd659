import { Database } from 'lucide-react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Page } from '../parts/Page';
import { Empty, ErrorState } from '../parts/States';
import { partWords } from '../parts/words';
import { DatasetPreview } from './DatasetPreview';
import { CardSkeletons } from './DatasetsPage';
import styles from './Datasets.module.css';
import { sharingWords } from './sharingWords';
import { datasetWords } from './words';

export function SharedDatasetsPage() {
  const words = useWords(datasetWords);
  return <Page title={words.shared} subtitle={words.sharedText}><List /></Page>;
}

function List() {
  const words = useWords(datasetWords);
  const sharing = useWords(sharingWords);
  const parts = useWords(partWords);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/shared', { params: { query: { limit: 24 } } }, { pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page) => page.nextCursor ?? undefined });
  if (pages.isPending) return <CardSkeletons />;
  if (pages.isError) return <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} />;
  const datasets = pages.data.pages.flatMap((page) => page.items);
  if (datasets.length === 0) return <Empty icon={<Database />} title={words.noneShared}>{words.noneSharedText}</Empty>;
  return (
    <>
      <ul className={styles.cards}>{datasets.map((dataset) => <li key={dataset.id}><DatasetPreview dataset={dataset} note={words.role(sharing.roles[dataset.role])} /></li>)}</ul>
      {pages.hasNextPage && <div><Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{parts.more}</Button></div>}
    </>
  );
}
