import type { Operation } from '../api/schema';
import { bytes, duration, number } from '../app/format';
import { useWords } from '../app/words';
import { Progress } from '../parts/Progress';
import styles from './Operations.module.css';
import { hasEnded, shareOf } from './operations';
import { operationWords } from './words';

/** How far the current phase of an operation is. */
export function OperationProgressBar({ operation }: { operation: Operation }) {
  const words = useWords(operationWords);
  const { phase, items, bytes: done, expectedItems, expectedBytes, bytesPerSecond, etaSeconds } = operation.progress;
  const figures = [
    phase, expectedItems !== null ? words.itemsOf(number(items), number(expectedItems)) : items > 0 && words.items(number(items)), expectedBytes !== null ? words.done(bytes(done), bytes(expectedBytes)) : done > 0 && bytes(done),
    bytesPerSecond !== null && words.rate(bytes(bytesPerSecond)), etaSeconds !== null && !hasEnded(operation) && words.left(duration(etaSeconds)),
  ].filter(Boolean);
  const tone = operation.state === 'failed' ? 'bad' : operation.state === 'completed' ? 'good' : operation.state === 'cancelled' ? 'warn' : 'accent';
  return (
    <div className={styles.progress}>
      <Progress label={words.progress(words.kinds[operation.kind])} tone={tone} value={operation.state === 'completed' ? 1 : operation.state === 'pending' ? 0 : hasEnded(operation) ? (shareOf(operation.progress) ?? 0) : shareOf(operation.progress)} />
      <p>{figures.length > 0 ? figures.join(' · ') : words.waiting}</p>
    </div>
  );
}
