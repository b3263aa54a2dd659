import type { ImageAgreement, ImageOutcome, PredictionState } from '../../api/schema';
import { agreements, imageOutcomes } from './predictedImages';

/** Which predictions are listed, and whether one is being started; held in the URL. */
export type PredictionsSearch = { state?: PredictionState | undefined; text?: string | undefined; new?: true | undefined; /** Dataset version and model version of the new one. */ version?: string | undefined; model?: string | undefined };

const states: readonly PredictionState[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

export const readPredictionsSearch = (search: Record<string, unknown>): PredictionsSearch => ({
  state: states.find((state) => state === search.state), text: text(search.text), new: search.new === true || undefined, version: text(search.version), model: text(search.model),
});

/** Which images of a prediction are listed, and the path of the one that is open. */
export type PredictionSearch = { outcome?: ImageOutcome | undefined; class?: string | undefined; image?: string | undefined };

export const readPredictionSearch = (search: Record<string, unknown>): PredictionSearch => ({ outcome: imageOutcomes.find((one) => one === search.outcome), class: text(search.class), image: text(search.image) });

/** The other prediction, which images are listed, and the path of the one that is open. */
export type ComparisonSearch = { with?: string | undefined; agreement?: ImageAgreement | undefined; image?: string | undefined };

export const readComparisonSearch = (search: Record<string, unknown>): ComparisonSearch => ({ with: text(search.with), agreement: agreements.find((one) => one === search.agreement), image: text(search.image) });
