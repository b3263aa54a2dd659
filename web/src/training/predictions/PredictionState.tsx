import type { PredictionState as State } from '../../api/schema';
import { useWords } from '../../app/words';
import { StatusIndicator } from '../../parts/Badge';
import { isUnderWay, toneOfPrediction } from './predictions';
import { predictionWords } from './words';

/** The state of a prediction as a coloured dot and a word. */
export function PredictionState({ state }: { state: State }) {
  const words = useWords(predictionWords);
  return <StatusIndicator tone={toneOfPrediction[state]} live={isUnderWay(state)}>{words.states[state]}</StatusIndicator>;
}
