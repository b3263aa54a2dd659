import { expect, test } from 'vitest';
import type { TrainingJob } from '../api/schema';
import { secondsFor, stepsPerEpoch } from './estimate';

const job = (name: string, versionId: string, seconds: number, epochs: number): TrainingJob =>
  ({ name, datasetVersionId: versionId, framework: 'f', model: 'm', state: 'completed', currentEpoch: epochs, startedAt: '2026-01-31T12:00:00Z', completedAt: new Date(Date.parse('2026-01-31T12:00:00Z') + seconds * 1000).toISOString() }) as TrainingJob;
const plan = { framework: 'f', model: 'm', versionId: 'v2', images: 400, epochs: 5 };
const imagesOf = (id: string): number | undefined => ({ v1: 100, v2: 400 })[id];

test('a job of the same version tells the time of an epoch', () => {
  expect(secondsFor(plan, [job('other', 'v1', 10, 10), job('same', 'v2', 40, 10)], imagesOf)).toMatchObject({ seconds: 20, job: { name: 'same' } });
});

test('a job of another version counts in proportion of the images', () => {
  expect(secondsFor(plan, [job('other', 'v1', 10, 10)], imagesOf)!.seconds).toBe(20);
});

test('nothing is said without a job of the model, or of images that are gone', () => {
  expect(secondsFor({ ...plan, model: 'n' }, [job('x', 'v2', 1, 1)], imagesOf)).toBeNull();
  expect(secondsFor(plan, [job('x', 'deleted', 1, 1)], imagesOf)).toBeNull();
});

test('the last batch of an epoch may be smaller', () => {
  expect(stepsPerEpoch(65, 32)).toBe(3);
});
