import { useMemo } from 'react';
import { useWords } from '../app/words';
import { Card } from '../parts/Page';
import { CurveChart } from '../parts/charts/CurveChart';
import { SmoothingControl } from '../parts/charts/SmoothingControl';
import { attemptsAsCurve, type Curve } from '../parts/charts/curves';
import { comparedCharts, type Compared } from './compare';
import styles from './Compare.module.css';
import { MetricPicks, useSmoothing } from './CurvesCard';
import { chosenCharts, rowsOf } from './jobCurves';
import { trainingWords } from './words';

/** The same metric of all jobs in one chart each. */
export function ComparedCurves({ compared, wanted, onChoose }: { compared: readonly Compared[]; wanted: string | undefined; onChoose: (names: string) => void }) {
  const words = useWords(trainingWords);
  const [smoothing, setSmoothing] = useSmoothing();
  const groups = useMemo(() => comparedCharts(compared), [compared]);
  const chosen = chosenCharts(groups, wanted ?? groups.slice(0, 2).map((group) => group.name).join(','));
  const lines = useMemo(() => {
    const rows = compared.map(({ curves }) => rowsOf((curves?.points ?? []).filter((point) => !point.discarded)));
    return new Map(groups.map(({ name }): [string, Curve[]] => [
      name,
      compared.flatMap(({ job, curves }, index): Curve[] => (curves?.names.includes(name) === true
        ? [{ id: job.id, label: job.name, colour: (index % 8) + 1, dashed: index >= 8, ...attemptsAsCurve(rows[index]!, name).kept }] : [])),
    ]));
  }, [compared, groups]);
  return (
    <Card title={words.curves} actions={<SmoothingControl value={smoothing} onChange={setSmoothing} />}>
      <MetricPicks groups={groups} chosen={chosen} onChoose={onChoose} />
      <div className={styles.charts}>
        {chosen.map(({ name }) => <CurveChart key={name} title={name} curves={lines.get(name)!} syncKey="compare" smoothing={smoothing} height={260} />)}
      </div>
    </Card>
  );
}
