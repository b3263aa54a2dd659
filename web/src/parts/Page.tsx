import { useEffect, type ReactNode } from 'react';
import styles from './Page.module.css';
import { classes } from './classes';

/** A page: its title (also the document's), actions on the right, content below. `wide` uses the whole width, for tables and grids. */
export function Page({ title, subtitle, actions, badges, wide = false, children }: { title: string; subtitle?: ReactNode; actions?: ReactNode; badges?: ReactNode; wide?: boolean; children: ReactNode }) {
  useTitle(title);
  return (
    <div className={classes(styles.page, wide && styles.wide)}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <div className={styles.line}><h1>{title}</h1>{badges}</div>
          {subtitle !== undefined && <p className={styles.subtitle}>{subtitle}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => { document.title = `${title} · Vision Platform`; }, [title]);
}

/** A titled part of a page in a frame. */
export function Card({ title, actions, children, flush = false, className }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; /** Without inner distance, for tables. */ flush?: boolean; className?: string }) {
  return (
    <section className={classes(styles.card, className)}>
      {(title !== undefined || actions !== undefined) && (
        <header className={styles.cardHeader}><h2>{title}</h2>{actions}</header>
      )}
      <div className={flush ? undefined : styles.cardBody}>{children}</div>
    </section>
  );
}

/** Things below each other. */
export const Stack = ({ gap = 4, children }: { gap?: 1 | 2 | 3 | 4 | 5 | 6 | 8; children: ReactNode }) => <div className={styles.stack} style={{ gap: `var(--space-${gap})` }}>{children}</div>;

/** Things beside each other; they wrap. */
export const Row = ({ gap = 2, end = false, between = false, children }: { gap?: 1 | 2 | 3 | 4 | 6; end?: boolean; between?: boolean; children: ReactNode }) => (
  <div className={styles.row} style={{ gap: `var(--space-${gap})`, justifyContent: end ? 'flex-end' : between ? 'space-between' : undefined }}>{children}</div>
);

/** Names and values. */
export function Facts({ items }: { items: ([label: string, value: ReactNode] | null)[] }) {
  return (
    <dl className={styles.facts}>
      {items.filter((item) => item !== null).map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
