import { X } from 'lucide-react';
import { Toast as RadixToast } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button } from './Button';
import styles from './Toast.module.css';
import { partWords } from './words';

type Notice = { id: number; text: string; tone: 'good' | 'bad' };

let notices: Notice[] = [];
let next = 1;
const listeners = new Set<() => void>();
const change = (to: Notice[]): void => {
  notices = to;
  for (const listener of listeners) listener();
};

/** Says for some seconds that something was done. */
export const notify = (text: string): void => change([...notices.slice(-3), { id: next++, text, tone: 'good' }]);

/** Says that an action failed that has no place of its own for it. */
export const notifyProblem = (error: unknown): void => {
  const problem = asProblem(error);
  change([...notices.slice(-3), { id: next++, text: [problem.message, problem.problem?.suggestedAction].filter(Boolean).join(' '), tone: 'bad' }]);
};

export function Toasts() {
  const words = useWords(partWords);
  const shown = useSyncExternalStore((listener) => { listeners.add(listener); return () => listeners.delete(listener); }, () => notices);
  return (
    <RadixToast.Provider label={words.notifications} swipeDirection="right">
      {shown.map((notice) => (
        <RadixToast.Root key={notice.id} className={styles.toast} data-tone={notice.tone} duration={notice.tone === 'bad' ? 12_000 : 5000} onOpenChange={(open) => { if (!open) change(notices.filter((other) => other.id !== notice.id)); }}>
          <RadixToast.Description className={styles.text}>{notice.text}</RadixToast.Description>
          <RadixToast.Close asChild><Button look="quiet" size="small" icon={<X />} aria-label={words.close} /></RadixToast.Close>
        </RadixToast.Root>
      ))}
      <RadixToast.Viewport className={styles.viewport} label={words.notifications} />
    </RadixToast.Provider>
  );
}
