import type { JobState, TrainingJob } from '../api/schema';
import type { Tone } from '../parts/Badge';

const underWay: readonly JobState[] = ['queued', 'starting', 'running', 'finalizing'];

/** Whether something happens to a job, or waits for a slot to happen. */
export const isUnderWay = (job: Pick<TrainingJob, 'state'>): boolean => underWay.includes(job.state);

/** 0 to 1; null while the number of epochs is not known. */
export function shareDone({ state, currentEpoch, totalEpochs }: Pick<TrainingJob, 'state' | 'currentEpoch' | 'totalEpochs'>): number | null {
  if (state === 'queued' || state === 'pending') return 0;
  if (state === 'finalizing' || state === 'completed') return 1;
  return totalEpochs === null || totalEpochs === 0 || state === 'starting' ? null : Math.min(1, currentEpoch / totalEpochs);
}

export const jobTone = (state: JobState): Tone =>
  state === 'completed' ? 'good' : state === 'failed' ? 'bad' : state === 'running' || state === 'finalizing' ? 'accent' : state === 'queued' || state === 'starting' ? 'info' : 'neutral';

/** How often a list of jobs is read again, in milliseconds: often while one of them moves. */
export const jobsInterval = (jobs: readonly Pick<TrainingJob, 'state'>[] | undefined): number => (jobs?.some(isUnderWay) ? 4000 : 30_000);

/** Jobs that failed since a time, the newest first; of a job that was restarted since, only the newest run counts. */
export function failedSince<T extends Pick<TrainingJob, 'id' | 'state' | 'completedAt' | 'restartedFrom'>>(jobs: readonly T[], since: number): T[] {
  const repeated = new Set(jobs.map((job) => job.restartedFrom));
  const ended = (job: T): number => (job.completedAt === null ? 0 : Date.parse(job.completedAt));
  return jobs.filter((job) => job.state === 'failed' && ended(job) >= since && !repeated.has(job.id)).sort((one, other) => ended(other) - ended(one));
}
