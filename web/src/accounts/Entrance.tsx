import type { ReactNode } from 'react';
import { useWords } from '../app/words';
import { useTitle } from '../parts/Page';
import styles from './Entrance.module.css';
import { accountWords } from './words';

/** The frame of the pages before signing in. */
export function Entrance({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
  const words = useWords(accountWords);
  useTitle(title);
  return (
    <div className={styles.page}>
      <main className={styles.card}>
        <p className={styles.brand}><img src="/favicon.svg" alt="" width={28} height={28} />Vision Platform</p>
        <h1>{title}</h1>
        {text !== undefined && <p className={styles.text}>{text}</p>}
        {children}
      </main>
      <p className={styles.tagline}>{words.tagline}</p>
    </div>
  );
}

/** The token after `#token=` in a mailed link; null when there is none. It is not part of the request, so no log has it. */
export const mailedToken = (): string | null => new URLSearchParams(window.location.hash.slice(1)).get('token');
