import type { JobState } from '../api/schema';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { isUnderWay, toneOf } from './jobs';
import { trainingWords } from './words';

/** The state of a job as a coloured dot and a word. */
export function JobStatus({ state }: { state: JobState }) {
  const words = useWords(trainingWords);
  return <StatusIndicator tone={toneOf[state]} live={isUnderWay(state)}>{words.states[state]}</StatusIndicator>;
}
