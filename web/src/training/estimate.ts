import type { TrainingJob } from '../api/schema';

/** Bytes of weights, gradients and the two moments of Adam in 32-bit floats, without the activations, which depend on batch and image size. */
export const modelBytes = (parameters: number): number => parameters * 4 * 4;

/** Steps of the optimizer in one epoch. */
export const stepsPerEpoch = (images: number, batchSize: number): number => (batchSize > 0 ? Math.ceil(images / batchSize) : 0);

type Plan = { framework: string; model: string; versionId: string; images: number; epochs: number };

/**
 * Seconds that a training is likely to take, from the newest completed job of the same model, and that job. Other datasets count in proportion of their
 * images. Null when there is none.
 */
export function secondsFor(plan: Plan, jobs: readonly TrainingJob[], imagesOf: (versionId: string) => number | undefined): { seconds: number; job: TrainingJob } | null {
  const alike = jobs.filter((job) => job.state === 'completed' && job.framework === plan.framework && job.model === plan.model && job.currentEpoch > 0 && job.startedAt !== null && job.completedAt !== null);
  const job = alike.find((candidate) => candidate.datasetVersionId === plan.versionId) ?? alike.find((candidate) => imagesOf(candidate.datasetVersionId));
  if (job === undefined) return null;
  const perEpoch = (Date.parse(job.completedAt!) - Date.parse(job.startedAt!)) / 1000 / job.currentEpoch;
  const share = job.datasetVersionId === plan.versionId ? 1 : plan.images / imagesOf(job.datasetVersionId)!;
  return { seconds: perEpoch * plan.epochs * share, job };
}
