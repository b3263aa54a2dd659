import { lazy, Suspense, useMemo } from 'react';
import type { CheckpointMeasures, ClassMetrics } from '../api/schema';
import { metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Card } from '../parts/Page';
import { Skeleton } from '../parts/States';
import { DataTable, type Column } from '../parts/virtual/DataTable';
import styles from './Job.module.css';
import { jobWords } from './jobWords';
import { Section } from './Section';

const ConfusionMatrix = lazy(() => import('../parts/charts/ConfusionMatrix').then((module) => ({ default: module.ConfusionMatrix })));
const PrecisionRecall = lazy(() => import('../parts/charts/PrecisionRecall').then(({ PrecisionRecall: Chart, recallCurves }) => ({
  default: ({ measured, title }: { measured: CheckpointMeasures; title: string }) => <Chart curves={recallCurves(measured.precisionCurves)} title={title} />,
})));

/** What a checkpoint answers for images with known annotations: confusion matrix, precision over recall, the quality of each class. */
export function Measures({ measured, note }: { measured: CheckpointMeasures; note: string }) {
  const words = useWords(jobWords);
  const { classes, confusionMatrix, perClass, precisionCurves } = measured;
  return (
    <>
      <Card title={words.confusion}>
        <p className={styles.muted}>{note}</p>
        {confusionMatrix.length === 0 ? <p className={styles.reason}>{words.noConfusion}</p> : (
          <Suspense fallback={<Skeleton lines={1} height={320} />}><ConfusionMatrix classes={classes} matrix={confusionMatrix} /></Suspense>
        )}
      </Card>
      {precisionCurves.length > 0 && (
        <Card title={words.precisionOverRecall}>
          <p className={styles.muted}>{words.precisionOverRecallText}</p>
          <Suspense fallback={<Skeleton lines={1} height={300} />}><PrecisionRecall measured={measured} title={words.precisionOverRecall} /></Suspense>
        </Card>
      )}
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
