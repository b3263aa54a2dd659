import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Grid3x3 } from 'lucide-react';
import { useMemo } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { EpochMetrics, TrainingCurves, TrainingJob } from '../api/schema';
import { metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { SelectField } from '../parts/Field';
import { Card, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { DataTable, type Column } from '../parts/virtual/DataTable';
import { curvesQuery } from './data';
import styles from './Job.module.css';
import { isResource } from './jobCurves';
import { hasEnded } from './jobs';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';
import { Measures } from './Measures';
import { Section } from './Section';

/** What was measured on the validation images after each epoch, and on the test images at the end. */
export function JobValidation() {
  const job = useJob();
  const curves = useQuery({ ...curvesQuery(job?.id ?? ''), enabled: job !== undefined });
  if (job === undefined) return <Skeleton lines={5} height={32} />;
  return (
    <Stack gap={5}>
      <Details job={job} epochs={(curves.data?.points ?? []).filter((point) => !point.discarded).map((point) => point.epoch)} />
      {curves.isError && curves.data === undefined ? <ErrorState error={asProblem(curves.error)} onRetry={() => void curves.refetch()} /> : <EpochTable curves={curves.data} job={job} />}
    </Stack>
  );
}

/** Values of a row that are no finite number come as text. */
const valueOf = (point: EpochMetrics, name: string): number | string | null => point.metrics[name] ?? point.notFinite?.[name] ?? null;

function EpochTable({ curves, job }: { curves: TrainingCurves | undefined; job: TrainingJob }) {
  const words = useWords(jobWords);
  const columns = useMemo((): Column<EpochMetrics>[] => {
    // What is measured on the training images is on the overview.
    const names = (curves?.names ?? []).filter((name) => !isResource(name) && !name.startsWith('train_') && name !== 'loss' && name !== 'learning_rate' && name !== 'learningRate');
    names.sort((a, b) => Number(b === curves?.primaryMetric) - Number(a === curves?.primaryMetric));
    const several = new Set(curves?.points.map((point) => point.attempt)).size > 1;
    return [
      {
        id: 'epoch', header: words.epoch, fixed: true, grow: true, width: 200, sortValue: (point) => point.epoch * 1000 + point.attempt,
        cell: (point) => (
          <span className={styles.file}>
            <span className={styles.number}>{number(point.epoch)}</span>
            {several && <small className={styles.muted}>{words.attemptNumber(number(point.attempt))}</small>}
            {point.discarded ? <Badge>{words.discarded}</Badge> : point.epoch === job.bestEpoch && <Badge tone="good">{words.best}</Badge>}
          </span>
        ),
      },
      ...names.map((name): Column<EpochMetrics> => ({
        id: name, header: name, width: 130, align: 'end', descendingFirst: true, sortValue: (point) => point.metrics[name] ?? null,
        cell: (point) => <span className={point.discarded ? styles.discarded : styles.number}>{metric(valueOf(point, name))}</span>,
      })),
    ];
  }, [curves, words, job.bestEpoch]);
  return (
    <Section title={words.epochs} note={words.epochsText}>
      <DataTable
        label={words.epochs} rows={curves?.points ?? []} columns={columns} rowKey={(point) => `${point.attempt}/${point.epoch}`} height={420} choosesColumns={columns.length > 4}
        loading={curves === undefined} empty={<Empty title={words.noEpochs}>{hasEnded(job.state) ? words.noMetricsEnded : words.noMetricsText}</Empty>}
      />
    </Section>
  );
}

/** One validation in detail: the best one, or that of an epoch of the address. */
function Details({ job, epochs }: { job: TrainingJob; epochs: readonly number[] }) {
  const words = useWords(jobWords);
  const navigate = useNavigate();
  const { projectId } = useParams({ from: '/members/projects/$projectId/jobs/$jobId/validation' });
  const { epoch, split = 'val' } = useSearch({ from: '/members/projects/$projectId/jobs/$jobId/validation' });
  const found = api.useQuery('get', '/api/v1/training/jobs/{id}/validation', { params: { path: { id: job.id }, query: { split, ...(epoch !== undefined && { epoch }) } } }, {
    retry: false,
    // The best epoch changes while the training goes on.
    refetchInterval: epoch === undefined && !hasEnded(job.state) ? 5000 : false,
  });
  const show = (search: { epoch?: number | undefined; split?: 'val' | 'test' | undefined }) =>
    void navigate({ to: '/projects/$projectId/jobs/$jobId/validation', params: { projectId, jobId: job.id }, search: { epoch, split: split === 'val' ? undefined : split, ...search }, replace: true });
  const choices = (
    <div className={styles.choices}>
      <SelectField
        label={words.measuredOn} value={split} options={[{ value: 'val', label: words.valImages }, { value: 'test', label: words.testImages }]}
        onChange={(value) => show({ split: value === 'test' ? 'test' : undefined, epoch: undefined })}
      />
      {split === 'val' && (
        <SelectField
          label={words.epoch} value={epoch === undefined ? '' : String(epoch)} options={[{ value: '', label: words.bestEpoch }, ...epochs.map((one) => ({ value: String(one), label: number(one) }))]}
          onChange={(value) => show({ epoch: value === '' ? undefined : Number(value) })}
        />
      )}
    </div>
  );
  const problem = found.isError && found.data === undefined ? asProblem(found.error) : null;
  return (
    <>
      {choices}
      {problem !== null && problem.status !== 404 ? <ErrorState error={problem} onRetry={() => void found.refetch()} />
        : problem !== null ? <Card title={words.confusion}><Empty icon={<Grid3x3 />} title={words.noValidation}>{split === 'test' ? words.noTestText : words.noValidationText}</Empty></Card>
          : found.data === undefined ? <Card title={words.confusion}><Skeleton lines={1} height={320} /></Card>
            : <Measures measured={found.data.measured} note={words.measuredAfter(number(found.data.epoch), found.data.split === 'test' ? words.onTest : words.onVal)} />}
    </>
  );
}
