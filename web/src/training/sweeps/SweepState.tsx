import type { SweepState as State } from '../../api/schema';
import { useWords } from '../../app/words';
import { StatusIndicator } from '../../parts/Badge';
import { toneOfSweep } from './sweeps';
import { sweepWords } from './words';

/** The state of a sweep as a coloured dot and a word. */
export function SweepState({ state }: { state: State }) {
  const words = useWords(sweepWords);
  return <StatusIndicator tone={toneOfSweep[state]} live={state === 'running'}>{words.states[state]}</StatusIndicator>;
}
