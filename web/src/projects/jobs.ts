import type { TrainingJob } from '../api/schema';
import { isUnderWay } from '../training/jobs';

/** How often a list of jobs is read again, in milliseconds: often while one of them moves. */
export const jobsInterval = (jobs: readonly Pick<TrainingJob, 'state'>[] | undefined): number => (jobs?.some((job) => isUnderWay(job.state)) ? 4000 : 30_000);

/** Jobs that failed since a time, the newest first; of a job that was restarted since, only the newest run counts. */
export function failedSince<T extends Pick<TrainingJob, 'id' | 'state' | 'completedAt' | 'restartedFrom'>>(jobs: readonly T[], since: number): T[] {
  const repeated = new Set(jobs.map((job) => job.restartedFrom));
  const ended = (job: T): number => (job.completedAt === null ? 0 : Date.parse(job.completedAt));
  return jobs.filter((job) => job.state === 'failed' && ended(job) >= since && !repeated.has(job.id)).sort((one, other) => ended(other) - ended(one));
}
