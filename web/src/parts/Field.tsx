import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from 'react';
import styles from './Field.module.css';
import { classes } from './classes';

type Frame = { label: string; hint?: ReactNode; error?: string | undefined; /** Keeps the label for screen readers only. */ hideLabel?: boolean };

/** Label, hint and error of a control. `children` gets the ids that tie them together. */
export function Labelled({ label, hint, error, hideLabel, children }: Frame & { children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }) => ReactNode }) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : styles.label}>{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error === undefined ? undefined : true })}
      {hint !== undefined && <p id={`${id}-hint`} className={styles.hint}>{hint}</p>}
      {error !== undefined && <p id={`${id}-error`} className={styles.error} role="alert">{error}</p>}
    </div>
  );
}

export function TextField({ label, hint, error, hideLabel, className, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Labelled label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {(ids) => <input {...ids} className={classes(styles.input, className)} {...rest} />}
    </Labelled>
  );
}

export function TextArea({ label, hint, error, hideLabel, className, rows = 3, ...rest }: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Labelled label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {(ids) => <textarea {...ids} rows={rows} className={classes(styles.input, styles.area, className)} {...rest} />}
    </Labelled>
  );
}

export function SelectField({ label, hint, error, hideLabel, options, value, onChange, disabled }: Frame & {
  options: { value: string; label: string; disabled?: boolean }[];
  value: string;
  onChange: (value: string) => void;
  disabled?: boolean;
}) {
  return (
    <Labelled label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {(ids) => (
        <select {...ids} className={classes(styles.input, styles.select)} value={value} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => <option key={option.value} value={option.value} disabled={option.disabled}>{option.label}</option>)}
        </select>
      )}
    </Labelled>
  );
}

export function CheckField({ label, hint, checked, onChange, disabled }: { label: ReactNode; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean }) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input id={id} type="checkbox" checked={checked} disabled={disabled} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onChange(event.target.checked)} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && <p id={`${id}-hint`} className={styles.hint}>{hint}</p>}
      </div>
    </div>
  );
}

/** Fields below each other, with the distance between them. */
export const Fields = ({ children }: { children: ReactNode }) => <div className={styles.fields}>{children}</div>;
