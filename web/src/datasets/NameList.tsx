import { Plus, X } from 'lucide-react';
import { useRef, type ClipboardEvent, type KeyboardEvent } from 'react';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import fieldStyles from '../parts/Field.module.css';
import styles from './Datasets.module.css';
import { colourOfClass, namesOf, repeatedNames } from './names';
import { datasetWords } from './words';

/** A list of names in an order. Enter adds one, Backspace in an empty one removes it, and a pasted list becomes many. */
export function NameList({ label, hint, error, nameLabel, addLabel, colours = false, names, onChange }: {
  label: string;
  hint?: string;
  error?: string | undefined;
  nameLabel: (number: number) => string;
  addLabel: string;
  /** Shows the colour that each class has in the console. */
  colours?: boolean;
  names: readonly string[];
  onChange: (names: string[]) => void;
}) {
  const words = useWords(datasetWords);
  const list = useRef<HTMLOListElement>(null);
  const repeated = repeatedNames(names);
  const focus = (index: number): void => requestAnimationFrame(() => list.current?.querySelectorAll('input')[index]?.focus()) as unknown as void;
  const set = (index: number, name: string): void => onChange(names.map((old, place) => (place === index ? name : old)));
  const add = (after: number): void => {
    onChange([...names.slice(0, after + 1), '', ...names.slice(after + 1)]);
    focus(after + 1);
  };
  const remove = (index: number): void => {
    onChange(names.filter((_, place) => place !== index));
    focus(Math.max(0, index - 1));
  };
  const paste = (event: ClipboardEvent, index: number): void => {
    const pasted = namesOf(event.clipboardData.getData('text'));
    if (pasted.length < 2) return;
    event.preventDefault();
    const before = names.slice(0, index);
    const rest = names[index] === '' ? names.slice(index + 1) : names.slice(index);
    onChange([...before, ...pasted, ...rest]);
    focus(index + pasted.length - 1);
  };
  const key = (event: KeyboardEvent, index: number): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      if (names[index] !== '') add(index);
    } else if (event.key === 'Backspace' && names[index] === '' && names.length > 1) {
      event.preventDefault();
      remove(index);
    }
  };
  return (
    <fieldset className={styles.group}>
      <legend>{label}</legend>
      {hint !== undefined && <p className={fieldStyles.hint}>{hint}</p>}
      <ol ref={list} className={styles.names}>
        {names.map((name, index) => (
          <li key={index}>
            {colours ? <span className={styles.swatch} style={{ background: colourOfClass(index) }} title={words.colourOf} aria-hidden="true" /> : <span className={styles.order} aria-hidden="true">{index}</span>}
            <input
              className={fieldStyles.input} aria-label={nameLabel(index + 1)} maxLength={200} value={name} aria-invalid={repeated.has(index) || undefined}
              onChange={(event) => set(index, event.target.value)} onPaste={(event) => paste(event, index)} onKeyDown={(event) => key(event, index)}
            />
            <Button look="quiet" icon={<X />} aria-label={words.removeName(name || nameLabel(index + 1))} disabled={names.length === 1 && name === ''} onClick={() => (names.length === 1 ? set(0, '') : remove(index))} />
          </li>
        ))}
      </ol>
      {repeated.size > 0 && <p className={fieldStyles.error} role="alert">{words.repeated}</p>}
      {error !== undefined && <p className={fieldStyles.error} role="alert">{error}</p>}
      <div><Button size="small" icon={<Plus />} onClick={() => add(names.length - 1)}>{addLabel}</Button></div>
    </fieldset>
  );
}
