import type { ImageOutcome, ImageResult } from '../../api/schema';
import { number } from '../../app/format';
import { useWords } from '../../app/words';
import type { Tone } from '../../parts/Badge';
import { predictedImageWords } from './imageWords';

export const toneOfOutcome: Record<ImageOutcome, Tone> = { right: 'good', wrong: 'bad', none_found: 'warn', failed: 'bad', not_measured: 'neutral' };

/** Says an answer in a few words: "cat → dog", "2 found of 3". */
export function useResultText(): (result: ImageResult) => string {
  const words = useWords(predictedImageWords);
  return (result) => {
    if (result.outcome === 'failed') return words.unread;
    if (result.foundObjects === null) return result.outcome === 'not_measured' ? (result.class ?? words.noClass) : words.classified(result.trueClass ?? words.noClass, result.class ?? words.noClass);
    return result.missed === null || result.trueObjects === null ? words.foundOnly(number(result.foundObjects)) : words.found(number(result.foundObjects), number(result.trueObjects));
  };
}
