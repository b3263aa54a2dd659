import { RotateCcw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { ConfigField, ConfigSchema } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { CheckField, SelectField, TextField } from '../parts/Field';
import { Segments } from '../parts/Tabs';
import { entriesOf, groupsOf, presetIn, presetsOf, type Entries, type Entry, type Fault } from './config';
import { useFieldName, useGroupName, usePresetName, valueText } from './fields';
import styles from './NewJob.module.css';
import { newJobWords } from './newJobWords';

type Form = {
  schema: ConfigSchema;
  entries: Entries;
  /** What is wrong with each field, by its name. */
  errors: Readonly<Record<string, string>>;
  mayAdvanced: boolean;
  /** Fields that the failure of the cloned job wants to be changed. */
  suggested: ReadonlySet<string>;
  onChange: (entries: Entries) => void;
};

/** The settings of a trainer, made from its own description: presets, the usual fields, and the advanced ones behind a fold. */
export function ConfigForm(form: Form) {
  const { schema, entries, mayAdvanced, onChange } = form;
  const words = useWords(newJobWords);
  const presetName = usePresetName();
  const presets = presetsOf(schema);
  const chosen = presetIn(schema, entries) ?? 'own';
  const advanced = schema.fields.filter((field) => field.advanced);
  const changed = advanced.filter((field) => entries[field.name] !== undefined && entries[field.name] !== '').length;
  const faulty = advanced.some((field) => form.errors[field.name] !== undefined);
  const [open, setOpen] = useState(false);
  const pick = (name: string): void => {
    if (name !== 'own') onChange(entriesOf(schema.fields, presets[name] ?? {}));
  };
  return (
    <div className={styles.body}>
      {Object.keys(presets).length > 0 && (
        <div className={styles.presets}>
          <Segments
            label={words.preset} value={chosen} onChange={pick}
            options={[{ value: 'default', label: words.defaults }, ...Object.keys(presets).map((name) => ({ value: name, label: presetName(name) })), ...(chosen === 'own' ? [{ value: 'own', label: words.own }] : [])]}
          />
        </div>
      )}
      <Sections {...form} fields={schema.fields.filter((field) => !field.advanced)} />
      {advanced.length > 0 && (
        <details className={styles.advanced} open={open || faulty} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{words.advanced} {changed > 0 && <Badge tone="accent">{words.advancedCount(number(changed))}</Badge>}</summary>
          <div className={styles.body}>
            {!mayAdvanced && <p className={styles.note}>{words.advancedWhy}</p>}
            <Sections {...form} fields={advanced} />
          </div>
        </details>
      )}
    </div>
  );
}

function Sections({ fields, ...form }: Form & { fields: readonly ConfigField[] }) {
  const words = useWords(newJobWords);
  const groupName = useGroupName();
  return (
    <div className={styles.sections}>
      {groupsOf(fields).map(({ group, fields: inGroup }) => (
        <section key={group ?? ''} aria-label={groupName(group) || words.general}>
          {group !== null && <h3>{groupName(group)}</h3>}
          <div className={styles.fields}>
            {inGroup.map((field) => (
              <SettingField
                key={field.name} field={field} entry={form.entries[field.name]} error={form.errors[field.name]} disabled={field.advanced && !form.mayAdvanced} suggested={form.suggested.has(field.name)}
                onChange={(entry) => {
                  const { [field.name]: _, ...others } = form.entries;
                  form.onChange(entry === undefined ? others : { ...others, [field.name]: entry });
                }}
              />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function SettingField({ field, entry, error, disabled, suggested, onChange }: {
  field: ConfigField;
  entry: Entry | undefined;
  error: string | undefined;
  disabled: boolean;
  suggested: boolean;
  onChange: (entry: Entry | undefined) => void;
}) {
  const words = useWords(newJobWords);
  const label = useFieldName()(field.name);
  const limits = useLimits()(field);
  const usual = field.default === null || field.default === undefined ? words.modelDecides : typeof field.default === 'boolean' ? (field.default ? words.yes : words.no) : valueText(field.default);
  const hint: ReactNode = (
    <>
      {suggested && <><b className={styles.set}>{words.suggestedHere}</b>{' '}</>}
      {field.description}
      <span className={styles.limits}>{[limits, words.defaultIs(usual)].filter((part) => part !== '').join(' · ')}</span>
    </>
  );
  const isSet = entry !== undefined && entry !== '';
  return (
    <div className={styles.field}>
      <Control {...{ field, entry, error, disabled, label, hint, usual, onChange }} />
      {isSet && !disabled && field.type !== 'bool' && (
        <span className={styles.reset}><Button look="quiet" size="small" icon={<RotateCcw />} aria-label={words.reset(label)} title={words.reset(label)} onClick={() => onChange(undefined)} /></span>
      )}
    </div>
  );
}

function Control({ field, entry, error, disabled, label, hint, usual, onChange }: {
  field: ConfigField;
  entry: Entry | undefined;
  error: string | undefined;
  disabled: boolean;
  label: string;
  hint: ReactNode;
  usual: string;
  onChange: (entry: Entry | undefined) => void;
}) {
  const words = useWords(newJobWords);
  if (field.type === 'bool')
    return <CheckField label={label} hint={error ?? hint} checked={entry === undefined ? field.default === true : entry === true} disabled={disabled} onChange={(checked) => onChange(checked === (field.default === true) ? undefined : checked)} />;
  if (field.type === 'multiselect') {
    const chosen = new Set(Array.isArray(entry) ? entry : Array.isArray(field.default) ? field.default.map(String) : []);
    return (
      <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
        <legend>{label}</legend>
        {(field.options ?? []).map(String).map((option) => (
          <CheckField key={option} label={option} checked={chosen.has(option)} disabled={disabled} onChange={(checked) => { if (checked) chosen.add(option); else chosen.delete(option); onChange([...chosen]); }} />
        ))}
        <p className={styles.muted}>{error ?? hint}</p>
      </fieldset>
    );
  }
  if (field.type === 'select')
    return (
      <SelectField
        label={label} hint={hint} error={error} disabled={disabled} value={typeof entry === 'string' ? entry : ''} onChange={(value) => onChange(value === '' ? undefined : value)}
        options={[{ value: '', label: words.useDefault(usual) }, ...(field.options ?? []).map(String).filter((option) => option !== usual).map((option) => ({ value: option, label: option }))]}
      />
    );
  return (
    <TextField
      label={label} hint={hint} error={error} disabled={disabled} required={field.required} inputMode={field.type === 'int' ? 'numeric' : field.type === 'float' ? 'decimal' : 'text'} placeholder={usual} autoComplete="off"
      value={typeof entry === 'string' ? entry : ''} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
    />
  );
}

type Limits = Pick<ConfigField, 'min' | 'max' | 'exclusiveMin' | 'exclusiveMax'>;

/** "1 to 1000", "above 0, up to 1": empty without limits. */
function useLimits(): (limits: Limits) => string {
  const words = useWords(newJobWords);
  return ({ min, max, exclusiveMin, exclusiveMax }) => {
    if (min !== null && max !== null && !exclusiveMin && !exclusiveMax) return words.range(String(min), String(max));
    const parts = [
      min === null ? null : exclusiveMin ? words.above(String(min)) : words.from(String(min)),
      max === null ? null : exclusiveMax ? words.below(String(max)) : words.upTo(String(max)),
    ];
    return parts.filter((part) => part !== null).join(words.and);
  };
}

/** What is wrong with a field, for people. */
export function useFaultText(): (fault: Fault) => string {
  const words = useWords(newJobWords);
  const limits = useLimits();
  return (fault) => (fault.kind === 'range' ? words.faults.range(limits(fault)) : words.faults[fault.kind]);
}
