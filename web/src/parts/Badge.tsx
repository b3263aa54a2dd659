import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { classes } from './classes';

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info' | 'accent';

/** A short word about something. */
export const Badge = ({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) => <span className={classes(styles.badge, styles[tone])}>{children}</span>;

/** A state as a dot and a word; the dot of what is under way pulses. Colour is never the only sign. */
export const StatusIndicator = ({ tone, live = false, children }: { tone: Tone; live?: boolean; children: ReactNode }) => (
  <span className={classes(styles.status, styles[tone])}><span className={classes(styles.dot, live && styles.live)} aria-hidden="true" />{children}</span>
);
