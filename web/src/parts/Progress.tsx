import styles from './Progress.module.css';

/** How much of something is done; without a value: that it is under way. */
export function Progress({ value, label, tone = 'accent' }: { /** 0 to 1. */ value?: number | null; label: string; tone?: 'accent' | 'good' | 'warn' | 'bad' }) {
  const known = value !== undefined && value !== null;
  return (
    <div className={styles.track} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={known ? Math.round(value * 100) : undefined}>
      <span className={known ? styles.bar : styles.unknown} data-tone={tone} style={known ? { width: `${Math.min(100, Math.max(0, value * 100))}%` } : undefined} />
    </div>
  );
}
