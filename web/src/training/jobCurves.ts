import type { EpochMetrics, TrainingCurves } from '../api/schema';
import { attemptsAsCurve, metricGroups, type Curve, type EpochRow } from '../parts/charts/curves';

/** Measures of the machine, not of the model. */
export const isResource = (name: string): boolean => /(^|_)(gpu|cpu|memory|vram|ram)(_|$)|_per_second$/i.test(name);

/** Epochs with what is no finite number beside what is. */
export const rowsOf = (points: readonly EpochMetrics[]): EpochRow[] => points.map(({ attempt, epoch, metrics, notFinite }) => ({ attempt, epoch, metrics: notFinite === null ? metrics : { ...metrics, ...notFinite } }));

/** Metrics that one chart shows. */
export type MetricGroup = { name: string; metrics: string[] };

/** The charts of a job: the loss, the primary metric, the others by name. Time and resources are not among them. */
export function chartsOf(curves: TrainingCurves): MetricGroup[] {
  const groups = metricGroups(curves.names.filter((name) => !isResource(name)));
  const rank = (group: MetricGroup): number => (group.name === 'loss' ? 0 : group.metrics.includes(curves.primaryMetric) ? 1 : /^(learning_?rate|lr)/i.test(group.name) ? 3 : 2);
  return groups.sort((a, b) => rank(a) - rank(b));
}

/** The names in a parameter of the URL that are charts; without one, the first six. */
export function chosenCharts(groups: readonly MetricGroup[], wanted: string | undefined): MetricGroup[] {
  if (wanted === undefined) return groups.slice(0, 6);
  const names = new Set(wanted.split(','));
  return groups.filter((group) => names.has(group.name));
}

/** The curves of a chart: each metric as one line over all attempts, and the epochs that were lost as grey tails. */
export function linesOf(curves: TrainingCurves, rows: readonly EpochRow[], metrics: readonly string[], tailLabel: (metric: string, attempt: number) => string): Curve[] {
  return metrics.flatMap((metric, index) => {
    const { kept, discarded } = attemptsAsCurve(rows, metric, curves.attempts.filter((attempt) => attempt.startedAt !== null));
    return [
      { id: metric, label: metric, colour: index + 1, ...kept },
      ...discarded.map((tail) => ({ id: `${metric}/${tail.attempt}`, label: tailLabel(metric, tail.attempt), discarded: true, xs: tail.xs, ys: tail.ys })),
    ];
  });
}

/** Last, best and extreme values of a metric over the epochs that count. */
export type MetricRow = { name: string; last: number | string | null; atBest: number | null; lowest: number | null; highest: number | null; values: (number | null)[] };

export function metricRows(curves: TrainingCurves): MetricRow[] {
  const points = curves.points.filter((point) => !point.discarded).sort((a, b) => a.epoch - b.epoch);
  // The measures of the test images exist only for the best epoch.
  const names = [...new Set([...curves.names, ...Object.keys(curves.bestMetrics ?? {}).sort()])];
  return names.map((name) => {
    const values = points.map((point) => point.metrics[name] ?? null);
    const finite = values.filter((value) => value !== null);
    const last = points.at(-1);
    return {
      name, values, last: last?.metrics[name] ?? last?.notFinite?.[name] ?? null, atBest: curves.bestMetrics?.[name] ?? null,
      lowest: finite.length === 0 ? null : finite.reduce((a, b) => Math.min(a, b)), highest: finite.length === 0 ? null : finite.reduce((a, b) => Math.max(a, b)),
    };
  });
}

/** Median seconds of an epoch; null when the trainer reports none. A first epoch that warms up does not move it much. */
export function secondsPerEpoch(curves: Pick<TrainingCurves, 'points'>): number | null {
  const seconds = curves.points.map((point) => point.epochSeconds).filter((value) => value !== null).sort((a, b) => a - b);
  return seconds.length === 0 ? null : seconds[Math.floor((seconds.length - 1) / 2)]!;
}
