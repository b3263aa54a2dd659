import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as RadixDialog } from 'radix-ui';
import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useWords } from '../app/words';
import { Button } from './Button';
import styles from './Dialog.module.css';
import { TextField } from './Field';
import { ProblemNote } from './States';
import { partWords } from './words';

/** Where the focus goes after a dialog: back to what opened it, or to the page where that is gone. */
function useReturnOfFocus() {
  const opener = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      opener.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      const back = opener.current;
      (back instanceof HTMLElement && back.isConnected && back !== document.body ? back : document.getElementById('content'))?.focus();
    },
  };
}

/** A dialog with a title. Escape and a click beside it close it. `footer` holds the actions, the main one last. */
export function Dialog({ open, onClose, title, description, wide = false, footer, onSubmit, children }: {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  /** `full` takes most of the window, for images. */
  wide?: boolean | 'full';
  footer?: ReactNode;
  /** Makes the content a form. */
  onSubmit?: () => void;
  children: ReactNode;
}) {
  const words = useWords(partWords);
  const focus = useReturnOfFocus();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    onSubmit?.();
  };
  const body = <><div className={styles.body}>{children}</div>{footer !== undefined && <footer className={styles.footer}>{footer}</footer>}</>;
  return (
    <RadixDialog.Root open={open} onOpenChange={(next) => { if (!next) onClose(); }}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={styles.shade} />
        <RadixDialog.Content className={styles.dialog} data-wide={wide === 'full' ? 'full' : wide || undefined} {...focus} {...(description === undefined ? { 'aria-describedby': undefined } : {})}>
          <header className={styles.header}>
            <RadixDialog.Title className={styles.title}>{title}</RadixDialog.Title>
            <RadixDialog.Close asChild><Button look="quiet" size="small" icon={<X />} aria-label={words.close} /></RadixDialog.Close>
          </header>
          {description !== undefined && <RadixDialog.Description className={styles.description}>{description}</RadixDialog.Description>}
          {onSubmit === undefined ? body : <form onSubmit={submit} className={styles.form}>{body}</form>}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

/** Asks before something is destroyed: says what will be gone, and for large things wants its name typed. */
export function ConfirmDialog({ open, onClose, title, children, confirm, typed, busy = false, error, onConfirm }: {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What will be destroyed or ended. */
  children: ReactNode;
  /** Text of the button, a verb: "Delete project". */
  confirm: string;
  /** Name that has to be typed. */
  typed?: string;
  busy?: boolean;
  error?: unknown;
  onConfirm: () => void;
}) {
  const words = useWords(partWords);
  const [text, setText] = useState('');
  const focus = useReturnOfFocus();
  return (
    <RadixAlert.Root open={open} onOpenChange={(next) => { if (!next) { setText(''); onClose(); } }}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={styles.shade} />
        <RadixAlert.Content className={styles.dialog} {...focus}>
          <header className={styles.header}><RadixAlert.Title className={styles.title}>{title}</RadixAlert.Title></header>
          <form className={styles.form} onSubmit={(event) => { event.preventDefault(); if (typed === undefined || text === typed) onConfirm(); }}>
            <div className={styles.body}>
              <RadixAlert.Description asChild><div>{children}</div></RadixAlert.Description>
              {typed !== undefined && <TextField label={words.typeToConfirm(typed)} value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} />}
              <ProblemNote error={error} />
            </div>
            <footer className={styles.footer}>
              <RadixAlert.Cancel asChild><Button>{words.cancel}</Button></RadixAlert.Cancel>
              <Button look="danger" type="submit" busy={busy} disabled={typed !== undefined && text !== typed}>{confirm}</Button>
            </footer>
          </form>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}
