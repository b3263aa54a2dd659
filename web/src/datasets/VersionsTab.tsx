import { Link, useParams } from '@tanstack/react-router';
import { GitCompareArrows, Layers, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import type { Version } from '../api/schema';
import { ago, bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge, StatusIndicator } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { Card, Page } from '../parts/Page';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { ListStates, LIVE } from './ImportsTab';
import { PublishDialog } from './PublishDialog';
import { SplitBar } from './SplitBar';
import { useDataset, useDatasetMay } from './useDataset';
import { versionWords } from './versionWords';
import styles from './Versions.module.css';
import { datasetWords } from './words';

export function VersionState({ state }: { state: Version['state'] }) {
  const words = useWords(versionWords);
  return <StatusIndicator tone={{ publishing: 'info', ready: 'good', failed: 'bad' }[state] as 'info' | 'good' | 'bad'} live={state === 'publishing'}>{words.states[state]}</StatusIndicator>;
}

export function VersionsTab() {
  const words = useWords(versionWords);
  const names = useWords(datasetWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const [publishing, setPublishing] = useState(false);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/{id}/versions', { params: { path: { id: datasetId }, query: { limit: 30 } } }, {
    pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((item) => item.state === 'publishing')) ? LIVE : false),
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const ready = rows.filter((row) => row.state === 'ready');
  const publish = may('datasets:write') && <Button look="primary" icon={<Plus />} disabled={dataset === undefined || dataset.imageCount === 0} title={dataset?.imageCount === 0 ? words.noneNoImages : undefined} onClick={() => setPublishing(true)}>{words.publish}</Button>;
  const columns: Column<Version>[] = [
    { key: 'number', title: words.number, cell: (row) => <Link to="/datasets/$datasetId/versions/$versionId" params={{ datasetId, versionId: row.id }} className={styles.name}>{words.version(row.number)}</Link> },
    { key: 'state', title: words.state, cell: (row) => <span className={styles.state}><VersionState state={row.state} />{row.unlabeled && <Badge tone="info">{words.unlabeled}</Badge>}{row.warnings.length > 0 && <Badge tone="warn">{words.warnings(number(row.warnings.length))}</Badge>}</span> },
    { key: 'images', title: words.images, right: true, cell: (row) => number(row.imageCount) },
    { key: 'splits', title: `${names.splits.train} / ${names.splits.val} / ${names.splits.test}`, cell: (row) => (row.unlabeled ? '–' : <SplitBar counts={row.splits} />) },
    { key: 'note', title: words.note, secondary: true, cell: (row) => <span className={styles.note}>{row.note ?? '–'}</span> },
    { key: 'size', title: words.size, right: true, secondary: true, cell: (row) => bytes(row.sizeBytes) },
    { key: 'published', title: words.published, secondary: true, cell: (row) => ago(row.createdAt) },
  ];
  return (
    <Page
      title={words.title} subtitle={words.text}
      actions={<>{ready.length > 1 && <ButtonLink icon={<GitCompareArrows />} to="/datasets/$datasetId/difference" params={{ datasetId }} search={{ from: ready[1]!.id, to: ready[0]!.id }}>{words.compare}</ButtonLink>}{rows.length > 0 && publish}</>}
    >
      <Card flush>
        <ListStates list={pages} isEmpty={rows.length === 0} empty={<Empty icon={<Layers />} title={words.none} action={publish}>{dataset?.imageCount === 0 ? words.noneNoImages : words.noneText}</Empty>}>
          <Table label={words.title} columns={columns} rows={rows} rowKey={(row) => row.id} />
        </ListStates>
      </Card>
      {publishing && dataset !== undefined && <PublishDialog dataset={dataset} onClose={() => setPublishing(false)} />}
    </Page>
  );
}
