import type { SplitCounts } from '../api/schema';
import { number, percent } from '../app/format';
import { useWords } from '../app/words';
import { splitNames } from './splits';
import styles from './Versions.module.css';
import { datasetWords } from './words';

/** How images are divided, as a bar with its numbers. */
export function SplitBar({ counts, legend = false }: { counts: SplitCounts; legend?: boolean }) {
  const words = useWords(datasetWords);
  const all = splitNames.reduce((sum, split) => sum + counts[split], 0);
  return (
    <div className={styles.splitBar}>
      <span className={styles.splitTrack} aria-hidden="true">{splitNames.map((split) => counts[split] > 0 && <i key={split} data-split={split} style={{ flexGrow: counts[split] }} />)}</span>
      <span className={styles.splitText}>
        {legend
          ? splitNames.map((split) => <span key={split}><i data-split={split} aria-hidden="true" />{words.splits[split]} {number(counts[split])}{all > 0 && ` (${percent(counts[split] / all, 0)})`}</span>)
          : <span aria-label={splitNames.map((split) => `${words.splits[split]} ${number(counts[split])}`).join(', ')} role="img">{splitNames.map((split) => number(counts[split])).join(' / ')}</span>}
      </span>
    </div>
  );
}
