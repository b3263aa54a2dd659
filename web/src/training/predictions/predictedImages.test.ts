import { expect, test } from 'vitest';
import { comparableWith, countOf, drawn, filteredCount, pairsOfJobs, previewOf, shownOutcomes } from './predictedImages';

const outcomes = { right: 7, wrong: 2, noneFound: 0, failed: 1, notMeasured: 0, classes: { cat: 6, dog: 5 } };

test('outcomes that occur can be chosen, and the one that is chosen stays', () => {
  expect(shownOutcomes(outcomes, undefined)).toEqual(['right', 'wrong', 'failed']);
  expect(shownOutcomes(outcomes, 'none_found')).toEqual(['right', 'wrong', 'none_found', 'failed']);
  expect(countOf(outcomes, 'wrong')).toBe(2);
});

test('the number of images of a filter is known unless an outcome and a class are asked for together', () => {
  expect(filteredCount(outcomes, {})).toBe(10);
  expect(filteredCount(outcomes, { outcome: 'right' })).toBe(7);
  expect(filteredCount(outcomes, { class: 'dog' })).toBe(5);
  expect(filteredCount(outcomes, { class: 'fox' })).toBe(0);
  expect(filteredCount(outcomes, { class: 'dog', outcome: 'right' })).toBeUndefined();
});

test('a preview is the small image, or the image itself when it is small', () => {
  const picture = { width: 8, height: 8, size: 100, split: 'val' as const, url: 'whole', thumbnailUrl: null };
  expect(previewOf({ ...picture, thumbnailUrl: 'small' })).toBe('small');
  expect(previewOf(picture)).toBe('whole');
  expect(previewOf({ ...picture, size: 9_000_000 })).toBeNull();
  expect(previewOf(null)).toBeNull();
});

test('the confidence of a found object is its score in the viewer', () => {
  expect(drawn([{ class: 'cat', box: [1, 2, 3, 4], confidence: 0.5 }, { class: 'sky', box: [0, 0, 9, 9] }])).toEqual([{ class: 'cat', box: [1, 2, 3, 4], score: 0.5 }, { class: 'sky', box: [0, 0, 9, 9] }]);
  expect(drawn(undefined)).toEqual([]);
});

const prediction = (id: string, jobId: string, datasetVersionId = 'v1', change = {}) => ({ id, jobId, datasetVersionId, state: 'completed' as const, config: { measure: true }, outcomes, ...change });

test('a prediction is compared with measured ones of the same dataset version', () => {
  const first = prediction('1', 'a');
  const all = [first, prediction('2', 'b'), prediction('3', 'b', 'v2'), prediction('4', 'b', 'v1', { config: {} }), prediction('5', 'b', 'v1', { outcomes: null }), prediction('6', 'b', 'v1', { state: 'running' }), prediction('7', 'a')];
  expect(comparableWith(first, all).map((one) => one.id)).toEqual(['2', '7']);
});

test('jobs are compared by predictions of one dataset version, the newest of each', () => {
  const all = [prediction('9', 'a', 'v2'), prediction('8', 'c'), prediction('7', 'b'), prediction('6', 'b'), prediction('5', 'a')];
  expect(pairsOfJobs(['a', 'b', 'c'], all).map(({ first, second }) => [first.id, second.id])).toEqual([['5', '7'], ['5', '8']]);
  expect(pairsOfJobs(['x', 'b', 'c'], all).map(({ first, second }) => [first.id, second.id])).toEqual([['7', '8']]);
  expect(pairsOfJobs(['a'], all)).toEqual([]);
});
