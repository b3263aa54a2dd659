import { Link, type LinkProps } from '@tanstack/react-router';
import styles from './Tabs.module.css';

export type Tab = { label: string; count?: number | undefined } & LinkProps;

/** Parts of one thing, each with an address of its own. */
export function LinkTabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map(({ label: text, count, ...link }) => (
        <Link key={text} className={styles.tab} activeProps={{ 'data-active': 'true', 'aria-current': 'page' } as object} {...link}>
          {text}{count !== undefined && <span className={styles.count}>{count}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** A choice of a few views in one place (not addresses). */
export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: { value: T; label: string }[]; onChange: (value: T) => void }) {
  return (
    <div className={styles.segments} role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} data-chosen={option.value === value || undefined}>
          <input type="radio" className="visually-hidden" name={label} checked={option.value === value} onChange={() => onChange(option.value)} />
          {option.label}
        </label>
      ))}
    </div>
  );
}
