import { useMemo } from 'react';
import { useWords } from '../app/words';
import { Card } from '../parts/Page';
import { ParallelCoordinates } from '../parts/charts/ParallelCoordinates';
import type { Run } from '../parts/charts/parallel';
import { settingRows, type Compared } from './compare';
import styles from './Compare.module.css';
import { useTrainers } from './data';
import { useFieldName } from './fields';
import { bestOf } from './jobs';
import { trainingWords } from './words';

const AXES = 7;

/** Settings that differ between jobs, and the metric that came of them, one line for each job. Nothing when the jobs have several primary metrics. */
export function ComparedSettings({ compared, onOpen }: { compared: readonly Compared[]; onOpen: (jobId: string) => void }) {
  const words = useWords(trainingWords);
  const fieldName = useFieldName();
  const trainers = useTrainers();
  const names = useMemo(() => {
    const fields = (framework: string) => trainers.data?.items.find((trainer) => trainer.framework === framework)?.capabilities?.configSchema.fields;
    const usual = (index: number, name: string): unknown => fields(compared[index]!.job.framework)?.find((field) => field.name === name)?.default;
    const differing = settingRows(compared.map(({ job }) => job.config), usual).filter((row) => row.differs).map((row) => row.name).slice(0, AXES - 2);
    const runs = compared.map(({ job }, index): Run => ({
      id: job.id, label: job.name,
      values: {
        model: job.model, result: bestOf(job),
        ...Object.fromEntries(differing.map((name) => {
          const value = job.config[name] ?? usual(index, name);
          return [name, typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null];
        })),
      },
    }));
    return { differing, runs };
  }, [compared, trainers.data]);
  const primary = compared[0]!.job.primaryMetric;
  const axes = useMemo(() => [
    ...(new Set(compared.map(({ job }) => job.model)).size > 1 ? [{ id: 'model', label: words.model }] : []),
    ...names.differing.map((name) => ({ id: name, label: fieldName(name) })), { id: 'result', label: primary },
  ], [compared, names, words, fieldName, primary]);
  if (axes.length < 2 || compared.some(({ job }) => job.primaryMetric !== primary)) return null;
  const best = compared.reduce((a, b) => ((bestOf(b.job) ?? -Infinity) > (bestOf(a.job) ?? -Infinity) ? b : a)).job.id;
  return (
    <Card title={words.parallel}>
      <p className={styles.note}>{words.parallelText}</p>
      <div className={styles.scroller}><div style={{ minWidth: axes.length * 96 + 64 }}><ParallelCoordinates title={words.parallel} axes={axes} runs={names.runs} colourBy="result" best={best} onOpen={(run) => onOpen(run.id)} /></div></div>
    </Card>
  );
}
