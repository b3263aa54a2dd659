import { X } from 'lucide-react';
import type { ConfigField, SweepMethod } from '../../api/schema';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { CheckField, SelectField, TextField } from '../../parts/Field';
import { Segments } from '../../parts/Tabs';
import { useFaultText } from '../ConfigForm';
import { useFieldName } from '../fields';
import newJobStyles from '../NewJob.module.css';
import styles from './Sweeps.module.css';
import { choicesOf, firstTried, isNumeric, isSpaceFault, readTried, type Tried, type TriedFault } from './sweeps';
import { sweepWords } from './words';

/** What is wrong with what is tried for a field, for people. */
export function useTriedFaultText(): (fault: TriedFault) => string {
  const words = useWords(sweepWords);
  const shared = useFaultText();
  return (fault) => (isSpaceFault(fault) ? words.faults[fault.kind] : shared(fault));
}

/** The settings whose values a sweep tries, each with its list or range. */
export function TriedFields({ fields, tried, method, refused, mayAdvanced, onChange }: {
  /** Fields that can be tried. */
  fields: readonly ConfigField[];
  tried: readonly Tried[];
  method: SweepMethod;
  /** What the server refused, by the name of the field. */
  refused: Readonly<Record<string, string>>;
  mayAdvanced: boolean;
  onChange: (tried: Tried[]) => void;
}) {
  const words = useWords(sweepWords);
  const fieldName = useFieldName();
  const left = fields.filter((field) => (mayAdvanced || !field.advanced) && !tried.some((one) => one.field === field.name));
  return (
    <div className={styles.tried}>
      {tried.length === 0 && <p className={newJobStyles.muted}>{words.nothingTried}</p>}
      {tried.map((one, index) => {
        const field = fields.find((candidate) => candidate.name === one.field);
        return field && (
          <TriedField
            key={one.field} field={field} tried={one} method={method} refused={refused[one.field]} onRemove={() => onChange(tried.filter((other) => other !== one))}
            onChange={(change) => onChange(tried.map((other, at) => (at === index ? { ...other, ...change } : other)))}
          />
        );
      })}
      {left.length > 0 && (
        <div className={styles.add}>
          <SelectField
            label={words.addField} value="" options={[{ value: '', label: words.chooseField, disabled: true }, ...left.map((field) => ({ value: field.name, label: fieldName(field.name) }))]}
            onChange={(name) => onChange([...tried, firstTried(fields.find((field) => field.name === name)!, method)])}
          />
        </div>
      )}
    </div>
  );
}

function TriedField({ field, tried, method, refused, onChange, onRemove }: {
  field: ConfigField;
  tried: Tried;
  method: SweepMethod;
  refused: string | undefined;
  onChange: (change: Partial<Tried>) => void;
  onRemove: () => void;
}) {
  const words = useWords(sweepWords);
  const faultText = useTriedFaultText();
  const name = useFieldName()(field.name);
  const read = readTried(field, tried, method);
  const error = 'fault' in read ? faultText(read.fault) : refused;
  const ranges = isNumeric(field) && method !== 'grid';
  const mode = ranges ? tried.mode : 'list';
  const inputMode = field.type === 'int' ? 'numeric' : 'decimal';
  return (
    <section className={styles.one} aria-label={name}>
      <div className={styles.oneHead}>
        <h3>{name}</h3>
        {ranges && <Segments label={words.how(name)} value={mode} options={[{ value: 'range', label: words.range }, { value: 'list', label: words.list }]} onChange={(next) => onChange({ mode: next })} />}
        <Button look="quiet" size="small" icon={<X />} aria-label={words.removeField(name)} title={words.removeField(name)} onClick={onRemove} />
      </div>
      {mode === 'range' ? (
        <>
          <div className={styles.ends}>
            <TextField label={words.from} inputMode={inputMode} autoComplete="off" value={tried.min} aria-invalid={error !== undefined || undefined} onChange={(event) => onChange({ min: event.target.value })} />
            <TextField label={words.to} inputMode={inputMode} autoComplete="off" value={tried.max} aria-invalid={error !== undefined || undefined} onChange={(event) => onChange({ max: event.target.value })} />
          </div>
          <CheckField label={words.log} checked={tried.log} onChange={(log) => onChange({ log })} />
          {error !== undefined && <p className={styles.error} role="alert">{error}</p>}
        </>
      ) : choicesOf(field).length > 0 ? (
        <>
          <fieldset className={styles.choices}>
            <legend className="visually-hidden">{words.values}</legend>
            {choicesOf(field).map((choice) => (
              <CheckField
                key={choice} label={field.type === 'bool' ? (choice === 'true' ? words.on : words.off) : choice} checked={tried.chosen.includes(choice)}
                onChange={(checked) => onChange({ chosen: choicesOf(field).filter((other) => (other === choice ? checked : tried.chosen.includes(other))) })}
              />
            ))}
          </fieldset>
          {error !== undefined && <p className={styles.error} role="alert">{error}</p>}
        </>
      ) : <TextField label={words.values} hint={words.valuesHint} error={error} autoComplete="off" value={tried.list} onChange={(event) => onChange({ list: event.target.value })} />}
    </section>
  );
}
