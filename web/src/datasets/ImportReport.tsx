import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { bytes, dateTime, number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Card, Facts, Page, Stack } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { Failed } from './ArchiveReport';
import styles from './Imports.module.css';
import { CancelImport, ImportState, LIVE } from './ImportsTab';
import { importWords } from './importWords';

/** What became of the entries of one annotation file, while it is imported and afterwards. */
export function ImportReport({ datasetId, importId }: { datasetId: string; importId: string }) {
  const words = useWords(importWords);
  const report = api.useQuery('get', '/api/v1/datasets/{id}/annotation-imports/{importId}', { params: { path: { id: datasetId, importId } } }, { refetchInterval: (query) => (query.state.data?.state === 'importing' ? LIVE : false) });
  const back = <Link to="/datasets/$datasetId/imports" params={{ datasetId }}>{words.backToList}</Link>;
  if (report.isError) return <Page title={words.report} subtitle={back}><ErrorState error={asProblem(report.error)} onRetry={() => void report.refetch()} /></Page>;
  const data = report.data;
  if (data === undefined) return <Page title={words.report} subtitle={back}><Card><Skeleton lines={6} height={20} /></Card></Page>;
  const count = (value: number | null): string => (value === null ? '–' : number(value));
  const refused = data.refusedImages + data.refusedAnnotations;
  const advice: Partial<Record<string, string>> = words.advice;
  return (
    <Page title={data.name} subtitle={back} badges={<ImportState state={data.state} />} actions={<CancelImport import={data} />}>
      {data.error != null && <Failed message={data.error.message} action={data.error.suggestedAction} code={data.error.code} />}
      <Card title={words.report}>
        <Stack>
          {data.state === 'importing' && <><Progress value={data.progress} label={words.importStates.importing} /><p className={styles.progress} role="status">{words.progressImport(percent(data.progress, 0))}</p></>}
          <Facts
            items={[
              [words.images, count(data.images)], [words.annotations, count(data.annotations)], [words.imagesDone, number(data.imagesDone)], [words.written, number(data.taken)], [words.clipped, number(data.clipped)],
              [words.refusedImages, number(data.refusedImages)], [words.refusedAnnotations, number(data.refusedAnnotations)], [words.imagesLeft, number(data.imagesLeft)],
              [words.mode, words.modes[data.mode]], [words.folder, data.folder === '' ? '–' : data.folder], data.addedClasses.length === 0 ? null : [words.addedClasses, data.addedClasses.join(', ')],
              [words.format, data.format?.toUpperCase() ?? '–'], [words.size, bytes(data.size)], [words.started, dateTime(data.createdAt)], data.endedAt === null ? null : [words.ended, dateTime(data.endedAt)], data.state === 'announced' ? [words.expires, dateTime(data.expiresAt)] : null,
            ]}
          />
        </Stack>
      </Card>
      {refused === 0 && data.state === 'completed' && <Card><Empty icon={<CircleCheck />} title={words.nothingRefused} /></Card>}
      {data.reasons.length > 0 && (
        <Card title={words.reasons} flush>
          <Table
            label={words.reasons} rows={data.reasons} rowKey={(row) => row.reason}
            columns={[
              { key: 'reason', title: words.reason, cell: (row) => <>{words.faults[row.reason]}{advice[row.reason] !== undefined && <span className={styles.advice}>{advice[row.reason]}</span>}</> },
              { key: 'count', title: words.count, right: true, cell: (row) => number(row.count) },
            ]}
          />
        </Card>
      )}
      {data.refused.length > 0 && (
        <Card title={words.firstRefused} flush>
          <Table
            label={words.firstRefused} rows={data.refused} rowKey={(row) => `${row.kind}-${row.number}-${row.field ?? ''}-${row.reason}`}
            columns={[
              { key: 'entry', title: words.entry, cell: (row) => `${row.kind === 'image' ? words.kinds.image : words.kinds.annotation} ${number(row.number)}` },
              { key: 'image', title: words.image, cell: (row) => <span className={styles.path}>{row.image ?? '–'}</span> },
              { key: 'detail', title: words.detail, cell: (row) => row.detail },
              { key: 'reason', title: words.reason, secondary: true, cell: (row) => words.faults[row.reason] },
            ]}
          />
        </Card>
      )}
    </Page>
  );
}
