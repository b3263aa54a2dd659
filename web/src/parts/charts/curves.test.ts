import { describe, expect, it } from 'vitest';
import { align, attemptsAsCurve, decimate, factsOf, metricGroups, nearest, nonFinite, ranges, readValue, smooth, withGaps, type EpochRow } from './curves';

const rows = (attempt: number, from: number, to: number, value: (epoch: number) => number | string | null): EpochRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ attempt, epoch: from + i, metrics: { loss: value(from + i) } }));

describe('attempts as one curve', () => {
  it('has each epoch once and the discarded tail apart, also beyond what the next attempt has reached', () => {
    const { kept, discarded } = attemptsAsCurve([...rows(1, 1, 10, e => e), ...rows(2, 6, 7, e => 100 + e)], 'loss');
    expect(kept.xs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(kept.ys).toEqual([1, 2, 3, 4, 5, 106, 107]);
    expect(discarded).toEqual([{ attempt: 1, xs: [5, 6, 7, 8, 9, 10], ys: [5, 6, 7, 8, 9, 10] }]);
  });
  it('discards the tail as soon as an attempt is known to have resumed, before its first row', () => {
    const { kept, discarded } = attemptsAsCurve(rows(1, 1, 5, e => e), 'loss', [{ number: 1, resumedFromEpoch: null }, { number: 2, resumedFromEpoch: 3 }]);
    expect(kept.xs).toEqual([1, 2, 3]);
    expect(discarded[0]!.xs).toEqual([3, 4, 5]);
  });
  it('keeps all of an attempt while the next one has not begun', () => {
    expect(attemptsAsCurve(rows(1, 1, 5, e => e), 'loss', [{ number: 2, resumedFromEpoch: null }]).kept.xs).toEqual([1, 2, 3, 4, 5]);
  });
  it('discards everything before a start from the beginning', () => {
    const { kept, discarded } = attemptsAsCurve([...rows(1, 1, 4, e => e), ...rows(2, 1, 2, e => 10 * e)], 'loss');
    expect(kept).toEqual({ xs: [1, 2], ys: [10, 20] });
    expect(discarded).toEqual([{ attempt: 1, xs: [1, 2, 3, 4], ys: [1, 2, 3, 4] }]);
  });
  it('cuts an attempt where the earliest of all later ones began', () => {
    const { kept, discarded } = attemptsAsCurve([...rows(1, 1, 8, e => e), ...rows(2, 6, 9, e => 100 + e), ...rows(3, 4, 5, e => 200 + e)], 'loss');
    expect(kept.ys).toEqual([1, 2, 3, 204, 205]);
    expect(discarded.map(tail => tail.attempt)).toEqual([1, 2]);
    expect(discarded[1]!.xs).toEqual([5, 6, 7, 8, 9]);
  });
  it('takes rows in any order', () => {
    const straight = [...rows(1, 1, 9, e => e), ...rows(2, 5, 7, e => -e)];
    expect(attemptsAsCurve([...straight].reverse(), 'loss')).toEqual(attemptsAsCurve(straight, 'loss'));
  });
  it('keeps NaN as a value and leaves a missing metric out', () => {
    const { kept } = attemptsAsCurve(rows(1, 1, 4, e => (e === 2 ? 'NaN' : e === 4 ? null : e)), 'loss');
    expect(kept.xs).toEqual([1, 2, 3]);
    expect(kept.ys[1]).toBeNaN();
  });
});

describe('gaps', () => {
  it('are where epochs are missing', () => {
    expect(withGaps({ xs: [1, 2, 3, 6, 7], ys: [1, 1, 1, 1, 1] })).toEqual({ xs: [1, 2, 3, 4.5, 6, 7], ys: [1, 1, 1, null, 1, 1] });
  });
  it('are not between the points of a metric that is measured every fifth epoch', () => {
    expect(withGaps({ xs: [5, 10, 15, 25], ys: [1, 2, 3, 4] }).xs).toEqual([5, 10, 15, 20, 25]);
    expect(withGaps({ xs: [5, 10, 15, 20], ys: [1, 2, 3, 4] }).ys).toEqual([1, 2, 3, 4]);
  });
});

describe('values', () => {
  it('read what JSON cannot hold', () => {
    expect(['NaN', 'Infinity', '-Infinity'].map(readValue)).toEqual([NaN, Infinity, -Infinity]);
    expect([null, undefined, 'x', ''].map(readValue)).toEqual([null, null, null, null]);
    expect(readValue('1e-3')).toBe(0.001);
  });
  it('that are not finite are marked with their kind', () => {
    expect(nonFinite({ xs: [1, 2, 3, 4, 5], ys: [1, NaN, Infinity, -Infinity, null] })).toEqual([{ x: 2, kind: 'nan' }, { x: 3, kind: 'high' }, { x: 4, kind: 'low' }]);
  });
});

describe('smoothing', () => {
  it('starts at the first value and leaves gaps and NaN where they are', () => {
    const out = smooth([4, null, NaN, 8], 0.5);
    expect(out[0]).toBe(4);
    expect(out[1]).toBeNull();
    expect(out[2]).toBeNaN();
    expect(out[3]).toBeCloseTo((4 * 0.25 + 8 * 0.5) / 0.75, 12);
  });
  it('of a constant is the constant', () => expect(smooth([3, 3, 3, 3], 0.9).every(y => Math.abs(y! - 3) < 1e-12)).toBe(true));
  it('of weight 0 changes nothing', () => expect(smooth([1, 5, 2], 0)).toEqual([1, 5, 2]));
});

describe('decimation of 200,000 points', () => {
  const n = 200_000;
  const xs = Array.from({ length: n }, (_, i) => i);
  const ys: (number | null)[] = xs.map(x => Math.sin(x / 5000));
  ys[77_777] = 50;
  ys[123_456] = -40;
  it('keeps the extremes and leaves few points', () => {
    const out = decimate({ xs, ys }, 0, n - 1, 800);
    expect(out.xs.length).toBeLessThanOrEqual(800 * 4 + 4);
    expect(Math.max(...(out.ys as number[]))).toBe(50);
    expect(Math.min(...(out.ys as number[]))).toBe(-40);
    expect(out.xs[0]).toBe(0);
    expect(out.xs.at(-1)).toBe(n - 1);
    expect(out.xs.every((x, i) => i === 0 || x > out.xs[i - 1]!)).toBe(true);
  });
  it('keeps a gap and a NaN', () => {
    const broken = [...ys];
    broken[5_000] = null;
    broken[9_001] = NaN;
    const out = decimate({ xs, ys: broken }, 0, n - 1, 800);
    expect(out.ys[out.xs.indexOf(5_000)]).toBeNull();
    expect(out.ys[out.xs.indexOf(9_001)]).toBeNaN();
  });
  it('of a zoom has every point in it and one on either side', () => {
    const out = decimate({ xs, ys }, 100.5, 110.5, 800);
    expect(out.xs).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111]);
    expect(decimate({ xs: [1, 2, 3, 4, 5], ys: [1, 2, 3, 4, 5] }, 2, 4, 10).xs).toEqual([1, 2, 3, 4, 5]);
  });
});

it('series with different x come onto one axis, where no point is not a gap', () => {
  const [xs, a, b] = align([{ xs: [1, 3], ys: [1, NaN] }, { xs: [2, 3], ys: [5, 0] }], true);
  expect(xs).toEqual([1, 2, 3]);
  expect(a).toEqual([1, undefined, null]);
  expect(b).toEqual([undefined, 5, null]);
});
it('the nearest point is found', () => {
  expect([0, 1.4, 1.6, 9].map(x => nearest([1, 2, 4], x))).toEqual([0, 0, 1, 2]);
  expect(nearest([], 1)).toBe(-1);
});
it('metrics of one kind share a chart', () =>
  expect(metricGroups(['accuracy', 'loss', 'val_accuracy', 'val_loss'])).toEqual([{ name: 'accuracy', metrics: ['accuracy', 'val_accuracy'] }, { name: 'loss', metrics: ['loss', 'val_loss'] }]));
it('facts leave out what is not finite', () =>
  expect(factsOf({ id: 'a', label: 'a', xs: [1, 2, 3, 4], ys: [5, 1, NaN, null] })).toEqual({ label: 'a', points: 3, last: 1, lastX: 2, min: 1, minX: 2, max: 5, maxX: 1 }));
it('epochs are told as ranges', () => expect(ranges([9, 3, 4, 5, 5])).toBe('3–5, 9'));
