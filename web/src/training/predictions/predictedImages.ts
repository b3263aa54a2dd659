import type { BatchPrediction, FoundObject, ImageAgreement, ImageOutcome, PredictedPicture, PredictionOutcomes } from '../../api/schema';
import type { ImageObject } from '../../parts/viewer';

/** An image without a small one is shown itself up to this size. */
const LARGEST_PREVIEW = 1_500_000;

export const imageOutcomes: readonly ImageOutcome[] = ['right', 'wrong', 'none_found', 'failed', 'not_measured'];
export const agreements: readonly ImageAgreement[] = ['only_first', 'only_second', 'neither', 'both_right'];

export const countOf = (outcomes: PredictionOutcomes, outcome: ImageOutcome): number =>
  ({ right: outcomes.right, wrong: outcomes.wrong, none_found: outcomes.noneFound, failed: outcomes.failed, not_measured: outcomes.notMeasured })[outcome];

/** Outcomes that one can look for: those that occur, and the one that is chosen. */
export const shownOutcomes = (outcomes: PredictionOutcomes, chosen: ImageOutcome | undefined): ImageOutcome[] => imageOutcomes.filter((one) => one === chosen || countOf(outcomes, one) > 0);

/** How many images a filter leaves; undefined where only the list itself tells. */
export function filteredCount(outcomes: PredictionOutcomes, filter: { outcome?: ImageOutcome | undefined; class?: string | undefined }): number | undefined {
  if (filter.outcome !== undefined) return filter.class === undefined ? countOf(outcomes, filter.outcome) : undefined;
  return filter.class === undefined ? imageOutcomes.reduce((sum, outcome) => sum + countOf(outcomes, outcome), 0) : (outcomes.classes[filter.class] ?? 0);
}

export const previewOf = (picture: PredictedPicture | null): string | null => (picture === null ? null : (picture.thumbnailUrl ?? (picture.size <= LARGEST_PREVIEW ? picture.url : null)));

/** Objects of an answer as the viewer draws them. */
export const drawn = (found: readonly FoundObject[] | undefined): ImageObject[] => (found ?? []).map(({ confidence, ...object }) => ({ ...object, ...(confidence === undefined ? {} : { score: confidence }) }));

type Comparable = Pick<BatchPrediction, 'id' | 'jobId' | 'datasetVersionId' | 'state' | 'config' | 'outcomes'>;

/** Whether the answers were compared with the annotations. */
export const isMeasured = ({ config }: Pick<BatchPrediction, 'config'>): boolean => config.measure === true;

/** Whether one knows of each image whether the answer is right. */
export const isJudged = (prediction: Comparable): boolean => prediction.state === 'completed' && isMeasured(prediction) && prediction.outcomes !== null;

/** The predictions that a prediction can be compared with, in their order. */
export const comparableWith = <T extends Comparable>(prediction: Comparable, all: readonly T[]): T[] =>
  all.filter((other) => other.id !== prediction.id && other.datasetVersionId === prediction.datasetVersionId && isJudged(other));

/** For the jobs of a comparison: the newest judged prediction of the first job that has one, with one of each other job for the same dataset version. */
export function pairsOfJobs<T extends Comparable>(jobIds: readonly string[], newestFirst: readonly T[]): { first: T; second: T }[] {
  for (const [index, job] of jobIds.entries())
    for (const first of newestFirst.filter((one) => one.jobId === job && isJudged(one))) {
      const pairs = jobIds.slice(index + 1).flatMap((other) => comparableWith(first, newestFirst).filter((one) => one.jobId === other).slice(0, 1).map((second) => ({ first, second })));
      if (pairs.length > 0) return pairs;
    }
  return [];
}
