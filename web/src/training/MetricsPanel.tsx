import { useMemo } from 'react';
import type { TrainingCurves } from '../api/schema';
import { metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Card } from '../parts/Page';
import { Table } from '../parts/Table';
import { Sparkline } from '../parts/charts/Sparkline';
import styles from './Job.module.css';
import { metricRows } from './jobCurves';
import { jobWords } from './jobWords';

/** All metrics of a job as figures: last, at the best epoch, extremes, course. */
export function MetricsPanel({ curves }: { curves: TrainingCurves }) {
  const words = useWords(jobWords);
  const rows = useMemo(() => metricRows(curves), [curves]);
  if (rows.length === 0) return null;
  return (
    <Card title={words.metrics} flush>
      <Table
        label={words.metrics} rows={rows} rowKey={(row) => row.name}
        columns={[
          { key: 'name', title: words.metric, cell: (row) => <span className={styles.file}><code>{row.name}</code>{row.name === curves.primaryMetric && <Badge tone="accent"><span title={words.primary}>{words.best}</span></Badge>}</span> },
          { key: 'last', title: words.last, right: true, cell: (row) => metric(row.last) },
          { key: 'best', title: curves.bestEpoch === null ? words.atBest : `${words.atBest} (${number(curves.bestEpoch)})`, right: true, cell: (row) => metric(row.atBest) },
          { key: 'lowest', title: words.lowest, right: true, secondary: true, cell: (row) => metric(row.lowest) },
          { key: 'highest', title: words.highest, right: true, secondary: true, cell: (row) => metric(row.highest) },
          { key: 'course', title: words.course, right: true, secondary: true, cell: (row) => <span style={{ display: 'inline-block' }}><Sparkline values={row.values} label={row.name} /></span> },
        ]}
      />
    </Card>
  );
}
