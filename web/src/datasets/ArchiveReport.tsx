import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { bytes, dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { Card, Facts, Page, Stack } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { Segments } from '../parts/Tabs';
import styles from './Imports.module.css';
import { CancelArchive, ImportState, ListStates, LIVE } from './ImportsTab';
import { importWords } from './importWords';

/** What became of the files of one archive, while it is unpacked and afterwards. */
export function ArchiveReport({ datasetId, archiveId, outcome, onOutcome }: { datasetId: string; archiveId: string; outcome: 'refused' | 'skipped' | undefined; onOutcome: (outcome: 'refused' | 'skipped' | undefined) => void }) {
  const words = useWords(importWords);
  const archive = api.useQuery('get', '/api/v1/datasets/{id}/archives/{archiveId}', { params: { path: { id: datasetId, archiveId } } }, { refetchInterval: (query) => (query.state.data?.state === 'unpacking' ? LIVE : false) });
  const back = <Link to="/datasets/$datasetId/imports" params={{ datasetId }}>{words.backToList}</Link>;
  if (archive.isError) return <Page title={words.report} subtitle={back}><ErrorState error={asProblem(archive.error)} onRetry={() => void archive.refetch()} /></Page>;
  const data = archive.data;
  if (data === undefined) return <Page title={words.report} subtitle={back}><Card><Skeleton lines={6} height={20} /></Card></Page>;
  const unpacking = data.state === 'unpacking';
  return (
    <Page title={data.name} subtitle={back} badges={<ImportState state={data.state} />} actions={<CancelArchive archive={data} />}>
      {data.error != null && <Failed message={data.error.message} action={data.error.suggestedAction} code={data.error.code} />}
      <Card title={words.report}>
        <Stack>
          {unpacking && <><Progress value={data.entries === null ? null : data.done / Math.max(1, data.entries)} label={words.archiveStates.unpacking} /><p className={styles.progress} role="status">{data.entries === null ? words.progressOpen(number(data.done)) : words.progress(number(data.done), number(data.entries))}</p></>}
          <Facts
            items={[
              [words.entries, data.entries === null ? number(data.done) : number(data.entries)], [words.taken, number(data.taken)], [words.skipped, number(data.skipped)], [words.refused, number(data.refused)],
              [words.bytes, bytes(data.takenBytes)], [words.size, bytes(data.size)], [words.format, data.format?.replaceAll('_', '.').toUpperCase() ?? '–'], [words.layout, words.layouts[data.layout]], [words.folder, data.folder === '' ? words.whole : data.folder],
              [words.started, dateTime(data.createdAt)], data.endedAt === null ? null : [words.ended, dateTime(data.endedAt)], data.state === 'announced' ? [words.expires, dateTime(data.expiresAt)] : null,
            ]}
          />
        </Stack>
      </Card>
      {data.state !== 'announced' && <Entries datasetId={datasetId} archiveId={archiveId} done={data.skipped + data.refused} outcome={outcome} onOutcome={onOutcome} running={unpacking} />}
    </Page>
  );
}

function Entries({ datasetId, archiveId, outcome, onOutcome, running, done }: { datasetId: string; archiveId: string; outcome: 'refused' | 'skipped' | undefined; onOutcome: (outcome: 'refused' | 'skipped' | undefined) => void; running: boolean; done: number }) {
  const words = useWords(importWords);
  // The number of files that were left out is part of the key: while they become more, the list is read again.
  const pages = api.useInfiniteQuery('get', '/api/v1/datasets/{id}/archives/{archiveId}/entries', { params: { path: { id: datasetId, archiveId }, query: { limit: 50, ...(outcome === undefined ? {} : { outcome }) } } }, {
    pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page) => page.nextCursor ?? undefined, refetchInterval: running && done > 0 ? LIVE * 3 : false,
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title={words.notTaken} flush actions={<Segments label={words.outcome} value={outcome ?? 'all'} onChange={(next) => onOutcome(next === 'all' ? undefined : next)} options={[{ value: 'all', label: words.outcomes.all }, { value: 'refused', label: words.outcomes.refused }, { value: 'skipped', label: words.outcomes.skipped }]} />}>
      <ListStates list={pages} isEmpty={rows.length === 0} empty={<Empty icon={<CircleCheck />} title={outcome === undefined && done === 0 ? words.everythingTaken : words.noneOfOutcome} />}>
        <Table
          label={words.notTaken} rows={rows} rowKey={(row) => String(row.number)}
          columns={[
            { key: 'name', title: words.name, cell: (row) => <span className={styles.path}>{row.name}</span> },
            { key: 'outcome', title: words.outcome, cell: (row) => (row.outcome === 'refused' ? words.outcomes.refused : words.outcomes.skipped) },
            { key: 'detail', title: words.detail, cell: (row) => row.detail },
            { key: 'code', title: words.codes, secondary: true, cell: (row) => <code>{row.code}</code> },
          ]}
        />
      </ListStates>
    </Card>
  );
}

/** Why something ended before it was done, and what to do. */
export const Failed = ({ message, action, code }: { message: string; action: string; code: string }) => (
  <div className={styles.failed} role="alert"><p>{message}</p><p className={styles.action}>{action}</p><code>{code}</code></div>
);
