import { expect, it } from 'vitest';
import { areaUnder, bins, heat, matrixTotals } from './matrix';

it('totals count the diagonal and each row', () => expect(matrixTotals([[5, 1], [2, 8]])).toEqual({ all: 16, diagonal: 13, rows: [6, 10], largest: 8 }));
it('a share of zero or of nothing has no colour', () => {
  expect(heat(0, true)).toBeUndefined();
  expect(heat(NaN, true)).toBeUndefined();
});
it('strong cells have the text of the accent', () => {
  expect(heat(0.6, true)!.color).toBe('var(--text-1)');
  expect(heat(0.61, false)).toEqual({ background: 'color-mix(in srgb, var(--bad) 76%, var(--surface-1))', color: 'var(--on-accent)' });
  expect(heat(1, true)!.background).toContain('100%');
});
it('the area under a curve does not depend on the order of its points', () => {
  expect(areaUnder([{ recall: 1, precision: 0 }, { recall: 0, precision: 1 }])).toBe(0.5);
  expect(areaUnder([{ recall: 0, precision: 1 }, { recall: 0.5, precision: 1 }, { recall: 1, precision: 0.5 }])).toBe(0.875);
});
it('every finite value is in one bin, the largest in the last', () => {
  const all = bins([0, 1, 2, 3, 4, NaN, Infinity], 4);
  expect(all.map(bin => bin.count)).toEqual([1, 1, 1, 2]);
  expect(all.at(-1)!.to).toBe(4);
  expect(bins([7, 7], 4)).toEqual([{ from: 7, to: 7, count: 2 }]);
  expect(bins([], 4)).toEqual([]);
});
