import { expect, test } from 'vitest';
import type { Attempt, EpochMetrics, TrainingCurves } from '../api/schema';
import { chartsOf, chosenCharts, isResource, linesOf, metricRows, rowsOf, secondsPerEpoch } from './jobCurves';

const point = (attempt: number, epoch: number, loss: number, discarded = false, notFinite: EpochMetrics['notFinite'] = null): EpochMetrics =>
  ({ attempt, epoch, metrics: { loss, ...(notFinite === null ? { val_loss: loss + 1 } : {}) }, notFinite, epochSeconds: epoch, time: 't', discarded });
const attempt = (number: number, resumedFromEpoch: number | null): Attempt => ({ number, resumedFromEpoch, startedAt: 't' }) as Attempt;
const curves: TrainingCurves = {
  jobId: 'j', primaryMetric: 'mAP50-95', higherIsBetter: true, bestEpoch: 2, bestMetrics: { loss: 2 }, names: ['accuracy', 'gpu_memory', 'loss', 'mAP50-95', 'val_loss'],
  attempts: [attempt(1, null), attempt(2, 2)], points: [point(1, 1, 3), point(1, 2, 2), point(1, 3, 9, true), point(2, 3, 1, false, { val_loss: 'NaN' })],
};

test('the loss comes first, then the primary metric, and measures of the machine do not', () => {
  expect(chartsOf(curves).map((group) => group.name)).toEqual(['loss', 'mAP50-95', 'accuracy']);
  expect(chosenCharts(chartsOf(curves), 'accuracy,nothing').map((group) => group.name)).toEqual(['accuracy']);
});

test('memory and speed are measures of the machine', () => {
  expect(['memory_gb', 'images_per_second', 'gpu_utilization', 'accuracy', 'mAP_mask50'].map(isResource)).toEqual([true, true, true, false, false]);
});

test('the lost epoch of the first attempt is a tail of its own', () => {
  const [loss, tail] = linesOf(curves, rowsOf(curves.points), ['loss'], (metric, number) => `${metric} ${number}`);
  expect(loss!.ys).toEqual([3, 2, 1]);
  expect(tail).toMatchObject({ discarded: true, label: 'loss 1', ys: [2, 9] });
});

test('a value that is no number stays in its curve', () => {
  const [line] = linesOf(curves, rowsOf(curves.points), ['val_loss'], (metric) => metric);
  expect(line!.ys.at(-1)).toBeNaN();
});

test('extremes are of the epochs that count', () => {
  const loss = metricRows(curves).find((row) => row.name === 'loss')!;
  expect(loss).toMatchObject({ last: 1, lowest: 1, highest: 3, atBest: 2 });
  expect(metricRows(curves).find((row) => row.name === 'val_loss')!.last).toBe('NaN');
});

test('a measure of the test images is there for the best epoch only', () => {
  expect(metricRows({ ...curves, bestMetrics: { test_accuracy: 0.9 } }).at(-1)).toMatchObject({ name: 'test_accuracy', atBest: 0.9, last: null, highest: null });
});

test('the time of an epoch is the one in the middle', () => {
  expect(secondsPerEpoch(curves)).toBe(2);
  expect(secondsPerEpoch({ points: [] })).toBeNull();
});
