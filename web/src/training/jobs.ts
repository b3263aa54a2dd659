import type { JobPriority, JobState, TaskType, TrainingJob } from '../api/schema';
import type { Tone } from '../parts/Badge';

export const jobPriorities: readonly JobPriority[] = ['high', 'normal', 'low'];
export const jobStates: readonly JobState[] = ['pending', 'queued', 'starting', 'running', 'finalizing', 'completed', 'failed', 'cancelled'];
export const taskTypes: readonly TaskType[] = ['image_classification', 'object_detection', 'instance_segmentation', 'semantic_segmentation', 'keypoint_detection', 'oriented_detection'];

/** Whether a job has ended; its state does not change any more. */
export const hasEnded = (state: JobState): boolean => state === 'completed' || state === 'failed' || state === 'cancelled';

/** Whether the platform or a trainer works on it at the moment. */
export const isUnderWay = (state: JobState): boolean => !hasEnded(state) && state !== 'pending';

export const toneOf: Record<JobState, Tone> = {
  pending: 'neutral', queued: 'info', starting: 'info', running: 'accent', finalizing: 'accent', completed: 'good', failed: 'bad', cancelled: 'neutral',
};

/** Share of the epochs that are finished, 0 to 1; null while their number is unknown. A finished training counts as whole, also when it stopped early. */
export function progressOf(job: Pick<TrainingJob, 'state' | 'currentEpoch' | 'totalEpochs'>): number | null {
  if (job.state === 'completed' || job.state === 'finalizing') return 1;
  if (job.totalEpochs === null || job.totalEpochs === 0) return job.state === 'starting' || job.state === 'running' ? null : 0;
  return Math.min(1, job.currentEpoch / job.totalEpochs);
}

/** Seconds from the first start of the training to its end, or until now; null before the start. */
export function secondsOf(job: Pick<TrainingJob, 'startedAt' | 'completedAt'>, now: number): number | null {
  if (job.startedAt === null) return null;
  return Math.max(0, ((job.completedAt === null ? now : Date.parse(job.completedAt)) - Date.parse(job.startedAt)) / 1000);
}

/** The primary metric of the best epoch so far. */
export const bestOf = (job: Pick<TrainingJob, 'bestMetrics' | 'primaryMetric'>): number | null => job.bestMetrics?.[job.primaryMetric] ?? null;

/** Which jobs are listed, and in which order; held in the URL. */
export type JobsSearch = {
  state?: JobState | 'active' | undefined;
  task?: TaskType | undefined;
  /** Part of the name, the notes, the model or the dataset. */
  text?: string | undefined;
  starred?: true | undefined;
  tag?: string | undefined;
  /** Name of a column, after a minus sign for descending order. */
  sort?: string | undefined;
};

const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((one) => one === value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

export const readJobsSearch = (search: Record<string, unknown>): JobsSearch => ({
  state: oneOf(search.state, ['active', ...jobStates] as const),
  task: oneOf(search.task, taskTypes),
  text: text(search.text),
  starred: search.starred === true || undefined,
  tag: text(search.tag),
  sort: text(search.sort),
});

/** Whether a job is among those that were asked for. */
export function matches(job: TrainingJob, search: JobsSearch, dataset: string): boolean {
  if (search.state === 'active' ? hasEnded(job.state) : search.state !== undefined && job.state !== search.state) return false;
  if (search.task !== undefined && job.taskType !== search.task) return false;
  if (search.starred === true && !job.starred) return false;
  if (search.tag !== undefined && !job.tags.includes(search.tag)) return false;
  const wanted = search.text?.trim().toLowerCase();
  return !wanted || [job.name, job.notes, job.model, job.framework, dataset].some((part) => part.toLowerCase().includes(wanted));
}

/** Ids of jobs as one parameter of the URL, and back. */
export const readIds = (value: unknown): string[] => (typeof value === 'string' ? [...new Set(value.split(',').filter((id) => /^[0-9a-f-]{36}$/i.test(id)))] : []);
