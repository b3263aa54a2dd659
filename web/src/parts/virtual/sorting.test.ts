import { expect, it } from 'vitest';
import { nextSort, sorted } from './sorting';

it('missing values and NaN come last in both directions', () => {
  const rows = [null, 2, NaN, 1, undefined, 3];
  expect(sorted(rows, v => v, false)).toEqual([1, 2, 3, null, NaN, undefined]);
  expect(sorted(rows, v => v, true)).toEqual([3, 2, 1, null, NaN, undefined]);
});
it('text is sorted as people count', () => expect(sorted(['run10', 'Run9', 'run1'], v => v, false)).toEqual(['run1', 'Run9', 'run10']));
it('equal rows stay in their order', () => expect(sorted([{ a: 1, n: 1 }, { a: 1, n: 2 }, { a: 0, n: 3 }], r => r.a, true).map(r => r.n)).toEqual([1, 2, 3]));
it('a header goes through both directions and then off', () => {
  const first = nextSort(null, 'x', false);
  expect(first).toEqual({ column: 'x', descending: false });
  expect(nextSort(first, 'x', false)).toEqual({ column: 'x', descending: true });
  expect(nextSort({ column: 'x', descending: true }, 'x', false)).toBeNull();
  expect(nextSort({ column: 'y', descending: true }, 'x', true)).toEqual({ column: 'x', descending: true });
});
