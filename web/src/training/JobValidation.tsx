import { useQuery } from '@tanstack/react-query';
import { Grid3x3 } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { ClassMetrics, EpochMetrics, TrainingCurves, TrainingJob } from '../api/schema';
import { metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Card, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { DataTable, type Column } from '../parts/virtual/DataTable';
import { curvesQuery } from './data';
import styles from './Job.module.css';
import { isResource } from './jobCurves';
import { hasEnded } from './jobs';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';
import { Section } from './Section';

const ConfusionMatrix = lazy(() => import('../parts/charts/ConfusionMatrix').then((module) => ({ default: module.ConfusionMatrix })));

/** What was measured on the validation images: after each epoch, and in detail with the best checkpoint. */
export function JobValidation() {
  const words = useWords(jobWords);
  const job = useJob();
  const curves = useQuery({ ...curvesQuery(job?.id ?? ''), enabled: job !== undefined });
  if (job === undefined) return <Skeleton lines={5} height={32} />;
  return (
    <Stack gap={5}>
      {job.modelId !== null && job.modelVersionId !== null
        ? <BestCheckpoint modelId={job.modelId} versionId={job.modelVersionId} />
        : <Card title={words.confusion}><Empty icon={<Grid3x3 />} title={words.noValidation}>{words.noValidationText}</Empty></Card>}
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

function BestCheckpoint({ modelId, versionId }: { modelId: string; versionId: string }) {
  const words = useWords(jobWords);
  const version = api.useQuery('get', '/api/v1/models/{id}/versions/{versionId}', { params: { path: { id: modelId, versionId } } }, { staleTime: Infinity });
  if (version.isError) return <ErrorState error={asProblem(version.error)} onRetry={() => void version.refetch()} />;
  if (version.data === undefined) return <Card title={words.confusion}><Skeleton lines={1} height={320} /></Card>;
  const { classes, confusionMatrix, perClass, checkpoint } = version.data;
  return (
    <>
      <Card title={words.confusion}>
        <p className={styles.muted}>{words.ofBest(number(checkpoint.epoch))}</p>
        {confusionMatrix.length === 0 ? <p className={styles.reason}>{words.noConfusion}</p> : (
          <Suspense fallback={<Skeleton lines={1} height={320} />}><ConfusionMatrix classes={classes} matrix={confusionMatrix} /></Suspense>
        )}
      </Card>
      {perClass.length > 0 && <ClassTable rows={perClass} />}
    </>
  );
}

function ClassTable({ rows }: { rows: readonly ClassMetrics[] }) {
  const words = useWords(jobWords);
  const columns = useMemo((): Column<ClassMetrics>[] => {
    const measure = (id: string, header: string, value: (row: ClassMetrics) => number | null): Column<ClassMetrics> =>
      ({ id, header, width: 120, align: 'end', descendingFirst: true, sortValue: value, cell: (row) => <span className={styles.number}>{metric(value(row))}</span> });
    const further = [...new Set(rows.flatMap((row) => Object.keys(row.metrics ?? {})))];
    const has = (name: 'precision' | 'recall' | 'f1'): boolean => rows.some((row) => row[name] !== null);
    return [
      { id: 'class', header: words.class, grow: true, width: 180, fixed: true, sortValue: (row) => row.class, cell: (row) => row.class },
      ...(['precision', 'recall', 'f1'] as const).filter(has).map((name) => measure(name, words[name], (row) => row[name])),
      ...further.map((name) => measure(`m-${name}`, name, (row) => row.metrics?.[name] ?? null)),
      { id: 'support', header: words.support, width: 150, align: 'end', descendingFirst: true, sortValue: (row) => row.support, cell: (row) => <span className={styles.number}>{number(row.support)}</span> },
    ];
  }, [rows, words]);
  return <Section title={words.perClass}><DataTable label={words.perClass} rows={rows} columns={columns} rowKey={(row) => row.class} height={480} /></Section>;
}
