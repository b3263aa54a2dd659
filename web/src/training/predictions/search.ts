import type { PredictionState } from '../../api/schema';

/** Which predictions are listed, and whether one is being started; held in the URL. */
export type PredictionsSearch = { state?: PredictionState | undefined; text?: string | undefined; new?: true | undefined; /** Dataset version and model version of the new one. */ version?: string | undefined; model?: string | undefined };

const states: readonly PredictionState[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

export const readPredictionsSearch = (search: Record<string, unknown>): PredictionsSearch => ({
  state: states.find((state) => state === search.state), text: text(search.text), new: search.new === true || undefined, version: text(search.version), model: text(search.model),
});
