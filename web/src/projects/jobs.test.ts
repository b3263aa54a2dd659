import { expect, test } from 'vitest';
import { failedSince, jobsInterval } from './jobs';

test('a list is read often while a job moves', () => {
  expect(jobsInterval([{ state: 'completed' }, { state: 'queued' }])).toBeLessThan(jobsInterval([{ state: 'completed' }, { state: 'pending' }]));
});

test('a failure that was restarted needs nobody', () => {
  const job = (id: string, state: 'failed' | 'completed', completedAt: string, restartedFrom: string | null = null) => ({ id, state, completedAt, restartedFrom });
  const jobs = [
    job('a', 'failed', '2026-11-29T10:00:00Z'), job('b', 'completed', '2026-11-29T11:00:00Z', 'a'), job('c', 'failed', '2026-11-29T09:00:00Z'),
    job('d', 'failed', '2026-11-29T12:00:00Z'), job('e', 'failed', '2026-11-01T12:00:00Z'),
  ];
  expect(failedSince(jobs, Date.parse('2026-11-23T00:00:00Z')).map((failed) => failed.id)).toEqual(['d', 'c']);
});
