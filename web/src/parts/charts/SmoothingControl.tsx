import { usePartWords } from '../richWords';
import { number } from './numbers';
import styles from './SmoothingControl.module.css';

/** One slider for all charts of a page. */
export function SmoothingControl({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const { charts: words } = usePartWords();
  return (
    <label className={styles.control}>
      {words.smoothing}
      <input type="range" min={0} max={0.99} step={0.01} value={value} onChange={event => onChange(event.target.valueAsNumber)} />
      <output>{number(value)}</output>
    </label>
  );
}
