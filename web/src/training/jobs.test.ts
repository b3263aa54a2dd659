import { expect, test } from 'vitest';
import type { TrainingJob } from '../api/schema';
import { matches, progressOf, readIds, readJobsSearch, secondsOf } from './jobs';

const job = { name: 'Digits', model: 'small_cnn', framework: 'torchvision', state: 'running', taskType: 'image_classification', starred: false, notes: 'Too dark', tags: ['baseline'] } as TrainingJob;

test('a search keeps what it knows and drops the rest', () => {
  expect(readJobsSearch({ state: 'active', task: 'nothing', text: '', sort: '-best', starred: 'yes', tag: 'baseline', other: 1 })).toEqual({ state: 'active', task: undefined, text: undefined, starred: undefined, tag: 'baseline', sort: '-best' });
});

test('a text is found in the name, the model and the dataset, whatever its case', () => {
  expect(matches(job, { text: 'SMALL' }, 'digits v3')).toBe(true);
  expect(matches(job, { text: 'v3' }, 'digits v3')).toBe(true);
  expect(matches(job, { text: 'resnet' }, 'digits v3')).toBe(false);
});

test('a job is found by its star, its tags and its notes', () => {
  expect(matches(job, { starred: true }, '')).toBe(false);
  expect(matches({ ...job, starred: true }, { starred: true }, '')).toBe(true);
  expect(matches(job, { tag: 'baseline' }, '')).toBe(true);
  expect(matches(job, { tag: 'base' }, '')).toBe(false);
  expect(matches(job, { text: 'DARK' }, '')).toBe(true);
});

test('active means every state that may still change', () => {
  expect(matches(job, { state: 'active' }, '')).toBe(true);
  expect(matches({ ...job, state: 'pending' }, { state: 'active' }, '')).toBe(true);
  expect(matches({ ...job, state: 'failed' }, { state: 'active' }, '')).toBe(false);
});

test('a training that stopped early is complete', () => {
  expect(progressOf({ state: 'completed', currentEpoch: 7, totalEpochs: 60 })).toBe(1);
  expect(progressOf({ state: 'failed', currentEpoch: 15, totalEpochs: 60 })).toBe(0.25);
  expect(progressOf({ state: 'running', currentEpoch: 0, totalEpochs: null })).toBeNull();
});

test('the duration of a running job ends now', () => {
  const startedAt = '2026-01-31T12:00:00Z';
  expect(secondsOf({ startedAt, completedAt: null }, Date.parse('2026-01-31T12:01:30Z'))).toBe(90);
  expect(secondsOf({ startedAt, completedAt: '2026-01-31T12:00:10Z' }, Date.parse('2026-02-01T00:00:00Z'))).toBe(10);
  expect(secondsOf({ startedAt: null, completedAt: null }, 0)).toBeNull();
});

test('ids in a URL are read once each, and nothing else is', () => {
  const id = '0190a000-0000-7000-8000-000000000001';
  expect(readIds(`${id},${id},../x`)).toEqual([id]);
  expect(readIds(undefined)).toEqual([]);
});
