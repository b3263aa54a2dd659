import type { EpochMetrics, TrainingCurves } from '../api/schema';
import type { StreamEvent } from '../api/events';

/** Fields of an event `metrics` of a job. */
export type MetricsEvent = { attempt: number; epoch: number; metrics: Record<string, number>; notFinite?: Record<string, string> | null; epochSeconds: number | null };

const isMetrics = (event: StreamEvent): boolean => event.event === 'metrics';

/** The curves with the epochs of new events. Events may repeat what the curves have; then nothing changes. */
export function withEvents(curves: TrainingCurves, events: readonly StreamEvent[], time: string): TrainingCurves {
  const known = new Set(curves.points.map((point) => `${point.attempt}/${point.epoch}`));
  const names = new Set(curves.names);
  const added: EpochMetrics[] = [];
  for (const { data } of events.filter(isMetrics)) {
    const { attempt, epoch, metrics, notFinite, epochSeconds } = data as MetricsEvent;
    if (known.has(`${attempt}/${epoch}`)) continue;
    known.add(`${attempt}/${epoch}`);
    added.push({ attempt, epoch, metrics, notFinite: notFinite ?? null, epochSeconds, time, discarded: false });
    for (const name of [...Object.keys(metrics), ...Object.keys(notFinite ?? {})]) names.add(name);
  }
  if (added.length === 0) return curves;
  return {
    ...curves,
    names: names.size === curves.names.length ? curves.names : [...names].sort(),
    points: [...curves.points, ...added].sort((a, b) => a.attempt - b.attempt || a.epoch - b.epoch),
  };
}
