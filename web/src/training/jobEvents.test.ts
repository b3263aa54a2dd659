import { expect, test } from 'vitest';
import type { TrainingCurves } from '../api/schema';
import { withEvents } from './jobEvents';

const curves = { names: ['loss'], points: [{ attempt: 1, epoch: 1, metrics: { loss: 2 }, notFinite: null, epochSeconds: 1, time: 't', discarded: false }] } as unknown as TrainingCurves;
const metrics = (attempt: number, epoch: number, values: Record<string, number>, notFinite: Record<string, string> | null = null) =>
  ({ id: epoch, event: 'metrics', data: { attempt, epoch, metrics: values, notFinite, epochSeconds: 1 } });

test('an epoch that is known is not added again', () => {
  expect(withEvents(curves, [metrics(1, 1, { loss: 2 })], 't')).toBe(curves);
});

test('new epochs come in the order of attempts and epochs', () => {
  const next = withEvents(curves, [metrics(2, 1, { loss: 1 }), metrics(1, 2, { loss: 1.5 })], 't');
  expect(next.points.map((point) => [point.attempt, point.epoch])).toEqual([[1, 1], [1, 2], [2, 1]]);
});

test('a metric that is no finite number gets its name and its text', () => {
  const next = withEvents(curves, [metrics(1, 2, {}, { val_loss: 'NaN' })], 't');
  expect(next.names).toEqual(['loss', 'val_loss']);
  expect(next.points[1]!.notFinite).toEqual({ val_loss: 'NaN' });
});

test('other events change no curve', () => {
  expect(withEvents(curves, [{ id: 3, event: 'log', data: { message: 'x' } }], 't')).toBe(curves);
});
