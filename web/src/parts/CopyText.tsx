import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useWords } from '../app/words';
import styles from './CopyText.module.css';
import { partWords } from './words';

/** A text of machines (an id, a token, a command) with a button that copies it. */
export function CopyText({ text, short = false, block = false }: { text: string; /** Shows only the first eight characters. */ short?: boolean; block?: boolean }) {
  const words = useWords(partWords);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <span className={block ? styles.block : styles.inline}>
      <code title={text}>{short ? text.slice(0, 8) : text}</code>
      <button type="button" onClick={() => void copy()} aria-label={copied ? words.copied : `${words.copy}: ${text.slice(0, 40)}`}>
        {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      </button>
    </span>
  );
}
