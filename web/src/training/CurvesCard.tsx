import { useMemo, useState } from 'react';
import type { TrainingCurves } from '../api/schema';
import { useWords } from '../app/words';
import { Card } from '../parts/Page';
import { CurveChart } from '../parts/charts/CurveChart';
import { SmoothingControl } from '../parts/charts/SmoothingControl';
import styles from './Job.module.css';
import { chartsOf, chosenCharts, isResource, linesOf, rowsOf, type MetricGroup } from './jobCurves';
import { jobWords } from './jobWords';

const SMOOTHING = 'curve-smoothing';

/** The smoothing that a person chose, kept in this browser for all jobs. */
export function useSmoothing(): [number, (value: number) => void] {
  const [value, setValue] = useState(() => Math.min(0.99, Math.max(0, Number(localStorage.getItem(SMOOTHING) ?? 0) || 0)));
  return [value, (next) => { setValue(next); localStorage.setItem(SMOOTHING, String(next)); }];
}

/** Charts by name as switches. */
export function MetricPicks({ groups, chosen, onChoose }: { groups: readonly MetricGroup[]; chosen: readonly MetricGroup[]; onChoose: (names: string) => void }) {
  const words = useWords(jobWords);
  const shown = new Set(chosen.map((group) => group.name));
  const toggle = (name: string): void => {
    if (!shown.delete(name)) shown.add(name);
    onChoose(groups.filter((group) => shown.has(group.name)).map((group) => group.name).join(','));
  };
  return (
    <fieldset className={styles.picks}>
      <legend className="visually-hidden">{words.pick}</legend>
      {groups.map((group) => (
        <label key={group.name} className={styles.pick}><input type="checkbox" className="visually-hidden" checked={shown.has(group.name)} onChange={() => toggle(group.name)} />{group.name}</label>
      ))}
    </fieldset>
  );
}

/** The curves of a job, one chart for what is measured alike. Attempts are one curve; epochs that were lost are grey. */
export function CurvesCard({ curves, chosen: wanted, onChoose }: { curves: TrainingCurves; chosen: string | undefined; onChoose: (names: string | undefined) => void }) {
  const words = useWords(jobWords);
  const [smoothing, setSmoothing] = useSmoothing();
  const groups = useMemo(() => chartsOf(curves), [curves]);
  const chosen = chosenCharts(groups, wanted);
  const rows = useMemo(() => rowsOf(curves.points), [curves.points]);
  const lines = useMemo(() => new Map(groups.map((group) => [group.name, linesOf(curves, rows, group.metrics, words.attemptTail)])), [curves, rows, groups, words]);
  const resources = useMemo(() => curves.names.filter(isResource), [curves.names]);
  return (
    <>
      <Card title={words.curves} actions={<SmoothingControl value={smoothing} onChange={setSmoothing} />}>
        <MetricPicks groups={groups} chosen={chosen} onChoose={onChoose} />
        <div className={styles.charts}>
          {chosen.map((group) => <CurveChart key={group.name} title={group.name} curves={lines.get(group.name)!} syncKey={curves.jobId} smoothing={smoothing} xLabel={words.epoch} />)}
        </div>
      </Card>
      {resources.length > 0 && (
        <Card title={words.resources}>
          <div className={styles.charts}>
            {resources.map((name) => <CurveChart key={name} title={name} curves={linesOf(curves, rows, [name], words.attemptTail)} height={160} syncKey={curves.jobId} xLabel={words.epoch} />)}
          </div>
        </Card>
      )}
    </>
  );
}
