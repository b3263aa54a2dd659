import { ArrowDown, ArrowUp } from 'lucide-react';
import type { JobPriority, JobState } from '../api/schema';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { hasEnded, isUnderWay, toneOf } from './jobs';
import { trainingWords } from './words';

/** The state of a job as a coloured dot and a word, with its priority until it ends unless that is the usual one. */
export function JobStatus({ state, priority = 'normal' }: { state: JobState; priority?: JobPriority }) {
  const words = useWords(trainingWords);
  const text = `${words.priority}: ${words.priorities[priority]}`;
  return (
    <StatusIndicator tone={toneOf[state]} live={isUnderWay(state)}>
      {words.states[state]}
      {!hasEnded(state) && priority !== 'normal' && <span title={text}> {priority === 'high' ? <ArrowUp size={12} role="img" aria-label={text} /> : <ArrowDown size={12} role="img" aria-label={text} />}</span>}
    </StatusIndicator>
  );
}
