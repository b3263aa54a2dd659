import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FileJson, FileArchive, Plus } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { api } from '../api/client';
import type { AnnotationImport, Archive } from '../api/schema';
import { ago, bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator, type Tone } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { Card, Page } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import { ArchiveReport } from './ArchiveReport';
import { ImportReport } from './ImportReport';
import { importWords } from './importWords';
import { NewImport } from './NewImport';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';

const isRunning = (state: Archive['state'] | AnnotationImport['state']): boolean => state === 'unpacking' || state === 'importing';
/** How often something that is under way is asked for; the API has no stream of it. */
export const LIVE = 2000;

const tones: Record<Archive['state'] | AnnotationImport['state'], Tone> = { announced: 'neutral', unpacking: 'info', importing: 'info', completed: 'good', failed: 'bad', cancelled: 'neutral', expired: 'warn' };

/** The state of an archive or an import; what is under way pulses. */
export function ImportState({ state }: { state: Archive['state'] | AnnotationImport['state'] }) {
  const words = useWords(importWords);
  return <StatusIndicator tone={tones[state]} live={isRunning(state)}>{{ ...words.archiveStates, ...words.importStates }[state]}</StatusIndicator>;
}

export function ImportsTab() {
  const words = useWords(importWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const search = useSearch({ from: '/members/datasets/$datasetId/imports' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/imports' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const [importing, setImporting] = useState(false);
  if (search.archive !== undefined) return <ArchiveReport datasetId={datasetId} archiveId={search.archive} outcome={search.outcome} onOutcome={(outcome) => void navigate({ search: { ...search, outcome }, replace: true })} />;
  if (search.import !== undefined) return <ImportReport datasetId={datasetId} importId={search.import} />;
  const annotated = dataset !== undefined && hasAnnotations(dataset.taskType);
  const begin = annotated && may('datasets:write') && <Button look="primary" icon={<Plus />} onClick={() => setImporting(true)}>{words.newImport}</Button>;
  return (
    <Page title={words.title} subtitle={words.text} actions={begin}>
      <Archives datasetId={datasetId} mayWrite={may('datasets:write')} />
      {annotated && <Imports datasetId={datasetId} begin={begin} />}
      {importing && <NewImport datasetId={datasetId} onClose={() => setImporting(false)} onStarted={(id) => { setImporting(false); void navigate({ search: { import: id } }); }} />}
    </Page>
  );
}

/** The dataset has other images or annotations when something has ended. */
function useRefreshWhenDone(running: boolean): void {
  const queries = useQueryClient();
  const [was, setWas] = useState(running);
  useEffect(() => {
    if (was && !running) void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
    setWas(running);
  }, [running, was, queries]);
}

const listed = { pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor ?? undefined } as const;

function Archives({ datasetId, mayWrite }: { datasetId: string; mayWrite: boolean }) {
  const words = useWords(importWords);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/{id}/archives', { params: { path: { id: datasetId }, query: { limit: 20 } } }, {
    ...listed, refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((item) => isRunning(item.state))) ? LIVE : false),
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  useRefreshWhenDone(rows.some((row) => isRunning(row.state)));
  const columns: Column<Archive>[] = [
    { key: 'name', title: words.name, cell: (row) => <Link to="/datasets/$datasetId/imports" params={{ datasetId }} search={{ archive: row.id }}>{row.name}</Link> },
    { key: 'state', title: words.state, cell: (row) => <ImportState state={row.state} /> },
    { key: 'result', title: words.result, cell: (row) => (row.done === 0 ? '–' : words.archiveResult(number(row.taken), number(row.skipped), number(row.refused))) },
    { key: 'size', title: words.size, right: true, secondary: true, cell: (row) => bytes(row.size) },
    { key: 'started', title: words.started, secondary: true, cell: (row) => ago(row.createdAt) },
    { key: 'actions', title: words.actions, right: true, cell: (row) => <CancelArchive archive={row} /> },
  ];
  return (
    <Card title={words.archives} flush>
      <ListStates list={pages} empty={<Empty icon={<FileArchive />} title={words.noArchives} action={mayWrite && <ButtonLink to="/datasets/$datasetId/upload" params={{ datasetId }}>{words.upload}</ButtonLink>}>{words.noArchivesText}</Empty>} isEmpty={rows.length === 0}>
        <Table label={words.archives} columns={columns} rows={rows} rowKey={(row) => row.id} />
      </ListStates>
    </Card>
  );
}

function Imports({ datasetId, begin }: { datasetId: string; begin: ReactNode }) {
  const words = useWords(importWords);
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/{id}/annotation-imports', { params: { path: { id: datasetId }, query: { limit: 20 } } }, {
    ...listed, refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((item) => isRunning(item.state))) ? LIVE : false),
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  useRefreshWhenDone(rows.some((row) => isRunning(row.state)));
  const columns: Column<AnnotationImport>[] = [
    { key: 'name', title: words.name, cell: (row) => <Link to="/datasets/$datasetId/imports" params={{ datasetId }} search={{ import: row.id }}>{row.name}</Link> },
    { key: 'state', title: words.state, cell: (row) => <ImportState state={row.state} /> },
    { key: 'result', title: words.result, cell: (row) => (row.imagesDone === 0 && row.refusedAnnotations === 0 ? '–' : words.importResult(number(row.taken), number(row.imagesDone), number(row.refusedAnnotations))) },
    { key: 'size', title: words.size, right: true, secondary: true, cell: (row) => bytes(row.size) },
    { key: 'started', title: words.started, secondary: true, cell: (row) => ago(row.createdAt) },
    { key: 'actions', title: words.actions, right: true, cell: (row) => <CancelImport import={row} /> },
  ];
  return (
    <Card title={words.imports} flush>
      <ListStates list={pages} empty={<Empty icon={<FileJson />} title={words.noImports} action={begin}>{words.noImportsText}</Empty>} isEmpty={rows.length === 0}>
        <Table label={words.imports} columns={columns} rows={rows} rowKey={(row) => row.id} />
      </ListStates>
    </Card>
  );
}

/** The states of a list whose pages follow each other by a button. */
export function ListStates({ list, isEmpty, empty, children }: {
  list: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown; hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  isEmpty: boolean;
  empty: ReactNode;
  children: ReactNode;
}) {
  const parts = useWords(partWords);
  if (list.isPending) return <div style={{ padding: '0 var(--space-4)' }}><Skeleton lines={3} height={28} /></div>;
  if (list.isError) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (isEmpty) return empty;
  return <>{children}{list.hasNextPage && <div style={{ padding: 'var(--space-3) var(--space-4)' }}><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{parts.more}</Button></div>}</>;
}

const mayBeCancelled = (state: Archive['state'] | AnnotationImport['state']): boolean => state === 'announced' || isRunning(state);

export function CancelArchive({ archive }: { archive: Archive }) {
  const words = useWords(importWords);
  const queries = useQueryClient();
  const cancel = api.useMutation('post', '/api/v1/datasets/{id}/archives/{archiveId}/cancel', { onError: () => undefined, onSuccess: () => { notify(words.cancelled(archive.name)); void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/archives'] }); void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/archives/{archiveId}'] }); } });
  return <Cancel datasetId={archive.datasetId} name={archive.name} what={words.cancelArchive} shown={mayBeCancelled(archive.state)} busy={cancel.isPending} error={cancel.error} onCancel={() => cancel.mutateAsync({ params: { path: { id: archive.datasetId, archiveId: archive.id } } })} />;
}

export function CancelImport({ import: row }: { import: AnnotationImport }) {
  const words = useWords(importWords);
  const queries = useQueryClient();
  const cancel = api.useMutation('post', '/api/v1/datasets/{id}/annotation-imports/{importId}/cancel', { onError: () => undefined, onSuccess: () => { notify(words.cancelled(row.name)); void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/annotation-imports'] }); void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/annotation-imports/{importId}'] }); } });
  return <Cancel datasetId={row.datasetId} name={row.name} what={words.cancelImport} shown={mayBeCancelled(row.state)} busy={cancel.isPending} error={cancel.error} onCancel={() => cancel.mutateAsync({ params: { path: { id: row.datasetId, importId: row.id } } })} />;
}

function Cancel({ datasetId, name, what, shown, busy, error, onCancel }: { datasetId: string; name: string; what: string; shown: boolean; busy: boolean; error: unknown; onCancel: () => Promise<unknown> }) {
  const words = useWords(importWords);
  const may = useDatasetMay(datasetId);
  const [asking, setAsking] = useState(false);
  if (!shown || !may('datasets:write')) return null;
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)}>{words.cancel}</Button>
      <ConfirmDialog open={asking} onClose={() => setAsking(false)} title={words.cancelTitle(name)} confirm={words.cancel} busy={busy} error={error} onConfirm={() => void onCancel().then(() => setAsking(false), () => undefined)}><p>{what}</p></ConfirmDialog>
    </>
  );
}
