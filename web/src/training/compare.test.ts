import { expect, test } from 'vitest';
import type { TrainingCurves, TrainingJob } from '../api/schema';
import { comparedCharts, metricComparisons, settingRows } from './compare';

const job = (bestMetrics: Record<string, number> | null, primaryMetric = 'accuracy'): TrainingJob => ({ bestMetrics, primaryMetric }) as TrainingJob;

test('a setting that one job leaves at the default it was set to in another does not differ', () => {
  const defaults = (_: number, name: string): unknown => ({ batchSize: 32 })[name as 'batchSize'];
  expect(settingRows([{ batchSize: 32, epochs: 5 }, { epochs: 9 }], defaults)).toEqual([
    { name: 'batchSize', values: ['32', null], differs: false },
    { name: 'epochs', values: ['5', '9'], differs: true },
  ]);
});

test('of a loss the lowest is the best, of an accuracy the highest', () => {
  const [accuracy, loss] = metricComparisons([job({ accuracy: 0.8, val_loss: 0.4 }), job({ accuracy: 0.9, val_loss: 0.5 })]);
  expect(accuracy).toMatchObject({ name: 'accuracy', best: [1] });
  expect(loss).toMatchObject({ name: 'val_loss', best: [0] });
});

test('nothing is marked where nothing is better', () => {
  expect(metricComparisons([job({ accuracy: 0.9 }), job({ accuracy: 0.9 })])[0]!.best).toEqual([]);
  expect(metricComparisons([job({ learning_rate: 0.1 }), job({ learning_rate: 0.2 })])[0]!.best).toEqual([]);
  expect(metricComparisons([job({ accuracy: 0.9 }), job(null)])[0]!.best).toEqual([]);
});

test('the chart of the primary metric comes first', () => {
  const curves = { names: ['accuracy', 'loss', 'val_loss', 'gpu_memory'] } as TrainingCurves;
  expect(comparedCharts([{ job: job(null), curves }]).map(({ name }) => name)).toEqual(['accuracy', 'val_loss', 'loss']);
});
