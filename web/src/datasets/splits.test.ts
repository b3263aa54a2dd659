import { expect, test } from 'vitest';
import { expectedSplits, problemOfShares, sharesOf } from './splits';

test('shares that do not add up to 100 are refused with their sum', () => {
  expect(problemOfShares([80, 10, 20])).toEqual({ sum: 110 });
  expect(problemOfShares([80, 10, 10])).toBeNull();
  expect(problemOfShares([33.3, 33.3, 33.4])).toBeNull();
  expect(problemOfShares([110, -10, 0])).toEqual({ sum: 100 });
  expect(problemOfShares([80, Number.NaN, 20])).toEqual({ sum: 100 });
});

test('percentages become shares without rests of binary fractions', () => {
  expect(sharesOf([70.1, 19.9, 10])).toEqual([0.701, 0.199, 0.1]);
});

test('a class with few images is expected to miss a split', () => {
  const [many, few, none] = expectedSplits([{ name: 'cat', imageCount: 1000 }, { name: 'dog', imageCount: 10 }, { name: 'cow', imageCount: 0 }], [0.8, 0.1, 0.1], false);
  expect(many).toMatchObject({ expected: { train: 800, val: 100, test: 100 }, missing: [] });
  expect(few!.missing).toEqual(['val', 'test']);
  expect(none!.missing).toEqual([]);
});

test('a stratified division misses a split only when its share rounds to nothing', () => {
  const [ten, four] = expectedSplits([{ name: 'a', imageCount: 10 }, { name: 'b', imageCount: 4 }], [0.8, 0.1, 0.1], true);
  expect(ten!.missing).toEqual([]);
  expect(four!.missing).toEqual(['val', 'test']);
});

test('a split that gets nothing is not missing', () => {
  expect(expectedSplits([{ name: 'a', imageCount: 3 }], [0.5, 0.5, 0], true)[0]!.missing).toEqual([]);
});
