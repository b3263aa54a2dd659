export type RunValue = number | string | boolean | null | undefined;

export interface Run {
  id: string;
  label: string;
  values: Readonly<Record<string, RunValue>>;
}

/** An axis and where values lie on it. */
export type Axis = { id: string; label: string } & ({ kind: 'number'; min: number; max: number; logarithmic: boolean } | { kind: 'text'; names: string[] });

/** Parts of axes, from 0 at the bottom to 1 at the top, to which runs are held. */
export type Brushes = Readonly<Record<string, readonly [low: number, high: number]>>;

/** The axis of a value of all runs. Positive numbers over three powers of ten or more, such as learning rates, are logarithmic. */
export function axisOf(id: string, label: string, runs: readonly Run[]): Axis {
  const values = runs.map(run => run.values[id]).filter(value => value !== null && value !== undefined);
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (values.some(value => typeof value !== 'number'))
    return { id, label, kind: 'text', names: [...new Set(values.map(String))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })) };
  const min = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const max = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  return min > max ? { id, label, kind: 'number', min: 0, max: 1, logarithmic: false } : { id, label, kind: 'number', min, max, logarithmic: min > 0 && max / min >= 1000 };
}

/** Where a value lies on its axis, from 0 at the bottom to 1 at the top; null for a missing value, NaN and infinities. */
export function positionOn(axis: Axis, value: RunValue): number | null {
  if (value === null || value === undefined) return null;
  if (axis.kind === 'text') {
    const index = axis.names.indexOf(String(value));
    return index < 0 ? null : axis.names.length === 1 ? 0.5 : index / (axis.names.length - 1);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  if (axis.min === axis.max) return 0.5;
  return axis.logarithmic ? Math.log(value / axis.min) / Math.log(axis.max / axis.min) : (value - axis.min) / (axis.max - axis.min);
}

/** The value at a position of a numeric axis, or the nearest name. */
export function valueAt(axis: Axis, position: number): number | string {
  if (axis.kind === 'text') return axis.names[Math.round(position * (axis.names.length - 1))] ?? '';
  return axis.logarithmic ? axis.min * (axis.max / axis.min) ** position : axis.min + position * (axis.max - axis.min);
}

/** Whether a run is inside every brush. A run without a value on a brushed axis is not. */
export function passes(run: Run, axes: readonly Axis[], brushes: Brushes): boolean {
  return axes.every(axis => {
    const brush = brushes[axis.id];
    if (!brush) return true;
    const at = positionOn(axis, run.values[axis.id]);
    return at !== null && at >= brush[0] - 1e-9 && at <= brush[1] + 1e-9;
  });
}

/** Points of a run's line; missing values break it. */
export function lineOf(run: Run, axes: readonly Axis[], place: (axis: number, position: number) => [x: number, y: number]): ([x: number, y: number] | null)[] {
  return axes.map((axis, i) => {
    const at = positionOn(axis, run.values[axis.id]);
    return at === null ? null : place(i, at);
  });
}

/** Distance of a point to a broken line; Infinity when it has no points. */
export function distanceTo(line: readonly ([number, number] | null)[], x: number, y: number): number {
  let best = Infinity;
  line.forEach((point, i) => {
    if (!point) return;
    best = Math.min(best, Math.hypot(x - point[0], y - point[1]));
    const next = line[i + 1];
    if (!next) return;
    const [dx, dy] = [next[0] - point[0], next[1] - point[1]];
    const along = Math.max(0, Math.min(1, ((x - point[0]) * dx + (y - point[1]) * dy) / (dx * dx + dy * dy || 1)));
    best = Math.min(best, Math.hypot(x - point[0] - along * dx, y - point[1] - along * dy));
  });
  return best;
}
