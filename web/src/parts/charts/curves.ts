/** Metrics as the API lists them (`EpochMetrics`), with what JSON cannot hold written as text or null. */
export interface EpochRow {
  attempt: number;
  epoch: number;
  metrics: Readonly<Record<string, number | string | null | undefined>>;
}

/** What is known of an attempt besides its rows (`Attempt` of the API). */
export interface AttemptStart {
  number: number;
  resumedFromEpoch?: number | null;
}

/** Points in rising x. A y of null is a gap; NaN and the infinities are values, which charts mark. */
export interface Points {
  xs: number[];
  ys: (number | null)[];
}

/** A series of a chart. */
export interface Curve extends Points {
  id: string;
  label: string;
  /** Number of the CSS variable `--series-N`, 1 to 8. Chosen by position when left out. */
  colour?: number;
  /** Drawn in grey, thinly: what a resumed attempt made invalid. */
  discarded?: boolean;
  dashed?: boolean;
}

const named: Readonly<Record<string, number>> = { NaN: NaN, nan: NaN, Infinity: Infinity, inf: Infinity, '-Infinity': -Infinity, '-inf': -Infinity };

/** A metric of a row as a number; null when there is none. */
export function readValue(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  return named[value] ?? (value.trim() === '' || Number.isNaN(Number(value)) ? null : Number(value));
}

/** Names of all metrics in the rows, sorted. */
export function metricNames(rows: Iterable<EpochRow>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name in row.metrics) names.add(name);
  return [...names].sort((a, b) => a.localeCompare(b, 'en'));
}

/** Metrics that belong into one chart: `loss`, `train_loss` and `val_loss` are measured alike. */
export function metricGroups(names: readonly string[]): { name: string; metrics: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const base = name.replace(/^(train|val|test)[_/]/, '');
    groups.set(base, [...(groups.get(base) ?? []), name]);
  }
  return [...groups].map(([name, metrics]) => ({ name, metrics }));
}

/** First epoch of each attempt by number, from its rows or from the checkpoint that it resumed from. */
function firstEpochs(rows: Iterable<EpochRow>, attempts: readonly AttemptStart[]): Map<number, number> {
  const first = new Map<number, number>();
  for (const { number, resumedFromEpoch } of attempts)
    if (resumedFromEpoch !== null && resumedFromEpoch !== undefined) first.set(number, resumedFromEpoch + 1);
  for (const row of rows) first.set(row.attempt, Math.min(row.epoch, first.get(row.attempt) ?? Infinity));
  return first;
}

/**
 * The attempts of a job as one curve. Each epoch is there once, from the last attempt that ran it. What earlier attempts did after the epoch from
 * which a later one began is discarded, also where the later one has not come that far yet. Each discarded tail begins at the last point that
 * was kept before it, so that the lines meet. Rows may come in any order.
 */
export function attemptsAsCurve(rows: readonly EpochRow[], metric: string, attempts: readonly AttemptStart[] = []): { kept: Points; discarded: (Points & { attempt: number })[] } {
  const first = firstEpochs(rows, attempts);
  /** The epoch from which the rows of an attempt are discarded. */
  const cut = (attempt: number) => {
    let epoch = Infinity;
    for (const [number, begins] of first) if (number > attempt) epoch = Math.min(epoch, begins);
    return epoch;
  };
  const cuts = new Map([...new Set(rows.map(row => row.attempt))].map(attempt => [attempt, cut(attempt)]));
  const kept = new Map<number, number>();
  const tails = new Map<number, Map<number, number>>();
  for (const row of rows) {
    const value = readValue(row.metrics[metric]);
    if (value === null) continue;
    if (row.epoch < cuts.get(row.attempt)!) kept.set(row.epoch, value);
    else tails.set(row.attempt, (tails.get(row.attempt) ?? new Map<number, number>()).set(row.epoch, value));
  }
  const line = pointsOf(kept);
  return {
    kept: withGaps(line),
    discarded: [...tails].sort(([a], [b]) => a - b).map(([attempt, tail]) => {
      const points = pointsOf(tail);
      const before = lastBefore(line.xs, points.xs[0]!);
      if (before >= 0 && Number.isFinite(line.ys[before])) {
        points.xs.unshift(line.xs[before]!);
        points.ys.unshift(line.ys[before]!);
      }
      return { attempt, ...points };
    }),
  };
}

function pointsOf(values: ReadonlyMap<number, number>): Points {
  const xs = [...values.keys()].sort((a, b) => a - b);
  return { xs, ys: xs.map(x => values.get(x)!) };
}

/**
 * Puts a null where epochs are missing, so that the line breaks there. The usual distance between two points is the step of the metric: one that
 * is measured every fifth epoch has no gaps for that.
 */
export function withGaps({ xs, ys }: Points): Points {
  if (xs.length < 3) return { xs: [...xs], ys: [...ys] };
  const counts = new Map<number, number>();
  for (let i = 1; i < xs.length; i++) {
    const distance = xs[i]! - xs[i - 1]!;
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  let step = 0;
  let most = 0;
  for (const [distance, count] of counts) if (count > most || (count === most && distance < step)) [step, most] = [distance, count];
  const out: Points = { xs: [], ys: [] };
  for (let i = 0; i < xs.length; i++) {
    if (i > 0 && xs[i]! - xs[i - 1]! > step * 1.5) {
      out.xs.push((xs[i]! + xs[i - 1]!) / 2);
      out.ys.push(null);
    }
    out.xs.push(xs[i]!);
    out.ys.push(ys[i]!);
  }
  return out;
}

/**
 * Exponential moving average, corrected for its start, so that the first value is not pulled to zero. Gaps, NaN and infinities stay where they are
 * and do not enter the average.
 * @param weight 0 changes nothing; 0.99 is very smooth.
 */
export function smooth(ys: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...ys];
  let average = 0;
  let share = 1;
  return ys.map(y => {
    if (y === null || !Number.isFinite(y)) return y;
    average = average * weight + y * (1 - weight);
    share *= weight;
    return average / (1 - share);
  });
}

/** Index of the last x below a value; -1 when there is none. */
export function lastBefore(xs: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the x nearest to a value; -1 when there are none. */
export function nearest(xs: ArrayLike<number>, value: number): number {
  if (xs.length === 0) return -1;
  const before = lastBefore(xs, value);
  if (before < 0) return 0;
  if (before === xs.length - 1) return before;
  return value - xs[before]! <= xs[before + 1]! - value ? before : before + 1;
}

/**
 * At most four points for each pixel column between two x, and one on either side of them: the first, the lowest, the highest and the last of each column. The
 * line looks the same and no extreme is lost. A gap inside a column stays a gap.
 */
export function decimate({ xs, ys }: Points, from: number, to: number, columns: number): Points {
  const begin = Math.max(0, lastBefore(xs, from));
  const end = Math.min(xs.length - 1, lastBefore(xs, to) + 1 + (xs[lastBefore(xs, to) + 1] === to ? 1 : 0));
  if (end - begin + 1 <= columns * 4 || columns < 1 || to <= from) return { xs: xs.slice(begin, end + 1), ys: ys.slice(begin, end + 1) };
  const out: Points = { xs: [], ys: [] };
  const width = (to - from) / columns;
  const columnOf = (x: number) => Math.floor((x - from) / width);
  let i = begin;
  while (i <= end) {
    const column = columnOf(xs[i]!);
    let [last, low, high, gap] = [i, -1, -1, -1];
    for (; last <= end && columnOf(xs[last]!) === column; last++) {
      const y = ys[last]!;
      if (y === null || !Number.isFinite(y)) gap = last;
      else {
        if (low < 0 || y < ys[low]!) low = last;
        if (high < 0 || y > ys[high]!) high = last;
      }
    }
    for (const index of new Set([i, low, high, gap, last - 1].filter(index => index >= 0).sort((a, b) => a - b))) {
      out.xs.push(xs[index]!);
      out.ys.push(ys[index]!);
    }
    i = last;
  }
  return out;
}

/** The points whose value is NaN or infinite. */
export function nonFinite({ xs, ys }: Points): { x: number; kind: 'nan' | 'high' | 'low' }[] {
  const marks: { x: number; kind: 'nan' | 'high' | 'low' }[] = [];
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i];
    if (y === null || y === undefined || Number.isFinite(y)) continue;
    marks.push({ x: xs[i]!, kind: Number.isNaN(y) ? 'nan' : y > 0 ? 'high' : 'low' });
  }
  return marks;
}

/** Series over one x axis: undefined where a series has no point (the line goes on), null where it has a gap. */
export type Aligned = [xs: number[], ...series: (number | null | undefined)[][]];

/** Brings series with different x onto one axis. NaN, infinities and, on a logarithmic scale, what is not positive become gaps. */
export function align(curves: readonly Points[], logarithmic = false): Aligned {
  const all = new Set<number>();
  for (const curve of curves) for (const x of curve.xs) all.add(x);
  const xs = Float64Array.from(all).sort();
  const at = new Map<number, number>();
  xs.forEach((x, i) => at.set(x, i));
  const series = curves.map(curve => {
    const out = new Array<number | null | undefined>(xs.length).fill(undefined);
    curve.xs.forEach((x, i) => {
      const y = curve.ys[i]!;
      out[at.get(x)!] = y === null || !Number.isFinite(y) || (logarithmic && y <= 0) ? null : y;
    });
    return out;
  });
  return [[...xs], ...series];
}

/** What a reader who does not see the chart is told of a series. */
export interface CurveFacts {
  label: string;
  points: number;
  /** Null when no value is finite. */
  last: number | null;
  lastX: number | null;
  min: number | null;
  minX: number | null;
  max: number | null;
  maxX: number | null;
}

export function factsOf(curve: Curve): CurveFacts {
  const facts: CurveFacts = { label: curve.label, points: 0, last: null, lastX: null, min: null, minX: null, max: null, maxX: null };
  curve.ys.forEach((y, i) => {
    if (y === null) return;
    facts.points++;
    if (!Number.isFinite(y)) return;
    const x = curve.xs[i]!;
    [facts.last, facts.lastX] = [y, x];
    if (facts.min === null || y < facts.min) [facts.min, facts.minX] = [y, x];
    if (facts.max === null || y > facts.max) [facts.max, facts.maxX] = [y, x];
  });
  return facts;
}

/** Whole numbers as ranges: 3, 4, 5, 9 is "3–5, 9". */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i]!;
    while (i + 1 < sorted.length && sorted[i + 1] === sorted[i]! + 1) i++;
    parts.push(sorted[i] === first ? `${first}` : `${first}–${sorted[i]}`);
  }
  return parts.join(', ');
}
