import type { DeploymentState as State } from '../api/schema';
import { useWords } from '../app/words';
import { StatusIndicator, type Tone } from '../parts/Badge';
import { deploymentWords } from './words';

const tones: Record<State, Tone> = { pending: 'neutral', deploying: 'info', active: 'good', deactivated: 'neutral', failed: 'bad' };

export const isUnderWay = (state: State): boolean => state === 'pending' || state === 'deploying';

export function DeploymentState({ state }: { state: State }) {
  const words = useWords(deploymentWords);
  return <StatusIndicator tone={tones[state]} live={isUnderWay(state)}>{words.states[state]}</StatusIndicator>;
}
