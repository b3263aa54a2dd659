import type { ReactNode } from 'react';
import styles from './Job.module.css';

/** A heading over a table that has a frame of its own. */
export const Section = ({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) => (
  <section className={styles.section} aria-label={title}>
    <header><h2>{title}</h2>{note !== undefined && <span className={styles.muted}>{note}</span>}</header>
    {children}
  </section>
);
