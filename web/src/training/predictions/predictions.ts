import type { BatchPrediction, PredictionState } from '../../api/schema';
import type { Tone } from '../../parts/Badge';

export const predictionStates: readonly PredictionState[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];
export const toneOfPrediction: Record<PredictionState, Tone> = { pending: 'info', running: 'accent', completed: 'good', failed: 'bad', cancelled: 'neutral' };
export const isUnderWay = (state: PredictionState): boolean => state === 'pending' || state === 'running';

/** A line of a result: of a classification, or of another task with its objects. */
export type ResultLine = { path: string; class?: string; confidence?: number; annotations?: { class: string; confidence: number }[] };

/** How often a class was predicted, in images of a classification or objects of another task, and how certainly. */
export type PredictedClass = { name: string; count: number; share: number; confidence: number };
export type ResultSummary = {
  images: number;
  /** Images and their class, or objects. */
  predicted: number;
  /** Images without an object; null for a classification. */
  empty: number | null;
  classes: PredictedClass[];
  confidences: number[];
  /** The images of which the model is least sure, least sure first: by their class, or by their least certain object. */
  unsure: { path: string; class: string; confidence: number }[];
};

/** The lines of a result; a line that is no JSON object with a path is left out. */
export function readLines(text: string): ResultLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value = JSON.parse(line) as ResultLine | null;
      return typeof value === 'object' && value !== null && typeof value.path === 'string' ? [value] : [];
    } catch {
      return [];
    }
  });
}

export function summarize(lines: readonly ResultLine[], unsure = 20): ResultSummary {
  const classes = new Map<string, { count: number; sum: number }>();
  const confidences: number[] = [];
  const least: ResultSummary['unsure'] = [];
  let [objects, empty] = [false, 0];
  for (const line of lines) {
    objects ||= line.annotations !== undefined;
    const found = line.annotations ?? (line.class === undefined ? [] : [{ class: line.class, confidence: line.confidence ?? 0 }]);
    if (found.length === 0) empty++;
    for (const one of found) {
      const known = classes.get(one.class) ?? { count: 0, sum: 0 };
      classes.set(one.class, { count: known.count + 1, sum: known.sum + one.confidence });
      confidences.push(one.confidence);
    }
    const weakest = found.reduce<(typeof found)[number] | null>((a, b) => (a === null || b.confidence < a.confidence ? b : a), null);
    if (weakest !== null) least.push({ path: line.path, class: weakest.class, confidence: weakest.confidence });
  }
  return {
    images: lines.length, predicted: confidences.length, empty: objects ? empty : null, confidences,
    classes: [...classes].map(([name, { count, sum }]) => ({ name, count, share: count / confidences.length, confidence: sum / count })).sort((a, b) => b.count - a.count || a.name.localeCompare(b.name)),
    unsure: least.sort((a, b) => a.confidence - b.confidence).slice(0, unsure),
  };
}

/** The text of a file that is gzip, unless something on the way has unpacked it. */
export async function unpack(file: Blob): Promise<string> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

export function matchesPrediction(prediction: Pick<BatchPrediction, 'state' | 'model' | 'framework'>, search: { state?: PredictionState | undefined; text?: string | undefined }, names: readonly string[]): boolean {
  if (search.state !== undefined && prediction.state !== search.state) return false;
  const wanted = search.text?.trim().toLowerCase();
  return !wanted || [prediction.model, prediction.framework, ...names].some((part) => part.toLowerCase().includes(wanted));
}
