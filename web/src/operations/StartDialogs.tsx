import { useState, type ReactNode } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Locations } from '../api/schema';
import { useWords } from '../app/words';
import { dateTime } from '../app/format';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, SelectField, TextField } from '../parts/Field';
import { ProblemNote, Skeleton } from '../parts/States';
import { partWords } from '../parts/words';
import styles from './Operations.module.css';
import { freeDatabases, typedForBucket, typedForDatabase, type Mode } from './starts';
import { useStarted } from './useStarted';
import { operationWords } from './words';

/** What is to be started. */
export type Start = { kind: 'copy' | 'compare' | 'sync' | 'compareStorage' } | { kind: 'restore'; database?: string; backup?: string };

type Props = { locations: Locations; onClose: () => void };

/** Asks for what an operation needs, and for the target's name before it can remove data. */
export function StartDialog({ start, onClose }: { start: Start; onClose: () => void }) {
  const words = useWords(operationWords);
  const locations = api.useQuery('get', '/api/v1/operations/locations', {}, { staleTime: 60_000 });
  if (locations.data === undefined) return <Dialog open onClose={onClose} title={words.start}>{locations.isError ? <ProblemNote error={locations.error} /> : <Skeleton lines={5} height={32} />}</Dialog>;
  const props: Props = { locations: locations.data, onClose };
  switch (start.kind) {
    case 'copy': return <CopyDatabase {...props} />;
    case 'compare': return <CompareDatabases {...props} />;
    case 'sync': return <SyncBucket {...props} />;
    case 'compareStorage': return <CompareBuckets {...props} />;
    case 'restore': return <RestoreBackup {...props} database={start.database} backup={start.backup} />;
  }
}

/** The frame of all these dialogs: the problem of the request, and the name that has to be typed. */
function Frame({ title, error, fields, busy, dry, typed, warning, disabled, onSubmit, onClose, children }: {
  title: string; error: unknown; fields: Record<string, string>; busy: boolean; dry?: boolean; typed?: string | undefined; warning?: string | undefined; disabled: boolean;
  onSubmit: (confirm: string | null) => void; onClose: () => void; children: ReactNode;
}) {
  const words = useWords(operationWords);
  const parts = useWords(partWords);
  const [text, setText] = useState('');
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      onSubmit={() => onSubmit(typed === undefined ? null : text)}
      footer={<>
        <Button onClick={onClose}>{parts.cancel}</Button>
        <Button look={typed === undefined ? 'primary' : 'danger'} type="submit" busy={busy} disabled={disabled || (typed !== undefined && text !== typed)}>{dry === true ? words.startDry : words.startIt}</Button>
      </>}
    >
      {children}
      {typed !== undefined && warning !== undefined && <p className={styles.problem}>{warning}</p>}
      {typed !== undefined && <TextField label={parts.typeToConfirm(typed)} autoComplete="off" value={text} error={fields.confirm} onChange={(event) => setText(event.target.value)} />}
      {Object.keys(fields).length === 0 && <ProblemNote error={error} />}
    </Dialog>
  );
}

const fieldsOf = (error: unknown): Record<string, string> => (error === null ? {} : asProblem(error).fields);

function Place({ label, value, names, inUse = [], error, hint, onChange }: { label: string; value: string; names: readonly string[]; inUse?: readonly string[]; error?: string | undefined; hint?: string | undefined; onChange: (name: string) => void }) {
  const words = useWords(operationWords);
  return <SelectField label={label} value={value} error={error} hint={hint} onChange={onChange} options={[{ value: '', label: words.choose }, ...names.map((name) => ({ value: name, label: inUse.includes(name) ? words.inUse(name) : name }))]} />;
}

function Modes({ modes, value, onChange }: { modes: readonly Mode[]; value: Mode; onChange: (mode: Mode) => void }) {
  const words = useWords(operationWords);
  return (
    <fieldset className={styles.modes}>
      <legend>{words.mode}</legend>
      {modes.map((mode) => <label key={mode}><input type="radio" name="mode" checked={mode === value} onChange={() => onChange(mode)} />{words.modes[mode]}</label>)}
    </fieldset>
  );
}

function CopyDatabase({ locations, onClose }: Props) {
  const words = useWords(operationWords);
  const copy = api.useMutation('post', '/api/v1/operations/database-copies', { onError: () => undefined, onSuccess: useStarted() });
  const [form, setForm] = useState<{ source: string; target: string; mode: Mode; dryRun: boolean }>({ source: '', target: '', mode: 'empty', dryRun: true });
  const targets = freeDatabases(locations).filter((name) => name !== form.source);
  const fields = fieldsOf(copy.error);
  return (
    <Frame
      title={words.startCopy} error={copy.error} fields={fields} busy={copy.isPending} dry={form.dryRun} typed={typedForDatabase(form)} warning={words.confirmReplace(form.target)} disabled={form.source === '' || form.target === ''} onClose={onClose}
      onSubmit={(confirm) => copy.mutate({ body: { source: form.source, target: form.target, replace: form.mode === 'replace', confirm, dryRun: form.dryRun } })}
    >
      <div className={styles.pair}>
        <Place label={words.source} value={form.source} names={locations.databases} inUse={locations.inUse} error={fields.source} onChange={(source) => setForm({ ...form, source, target: form.target === source ? '' : form.target })} />
        <Place label={words.target} value={form.target} names={targets} error={fields.target} hint={targets.length === 0 ? words.noTarget : undefined} onChange={(target) => setForm({ ...form, target })} />
      </div>
      <Modes modes={['empty', 'replace']} value={form.mode} onChange={(mode) => setForm({ ...form, mode })} />
      <CheckField label={words.dry} checked={form.dryRun} onChange={(dryRun) => setForm({ ...form, dryRun })} />
    </Frame>
  );
}

function RestoreBackup({ locations, onClose, database, backup }: Props & { database: string | undefined; backup: string | undefined }) {
  const words = useWords(operationWords);
  const backups = api.useQuery('get', '/api/v1/operations/backups').data;
  const restore = api.useMutation('post', '/api/v1/operations/restores', { onError: () => undefined, onSuccess: useStarted() });
  const [form, setForm] = useState<{ database: string; backup: string; target: string; mode: Mode; dryRun: boolean }>({ database: database ?? '', backup: backup ?? 'latest', target: '', mode: 'empty', dryRun: true });
  const targets = freeDatabases(locations);
  const list = backups?.databases.find((one) => one.database === form.database)?.backups ?? [];
  const fields = fieldsOf(restore.error);
  return (
    <Frame
      title={words.startRestore} error={restore.error} fields={fields} busy={restore.isPending} dry={form.dryRun} typed={typedForDatabase(form)} warning={form.mode === 'swap' ? words.confirmSwap(form.target) : words.confirmReplace(form.target)}
      disabled={form.database === '' || form.target === ''} onClose={onClose}
      onSubmit={(confirm) => restore.mutate({ body: { database: form.database, backup: form.backup, target: form.target, replace: form.mode === 'replace', swap: form.mode === 'swap', confirm, dryRun: form.dryRun } })}
    >
      <div className={styles.pair}>
        <Place label={words.database} value={form.database} names={backups?.databases.map((one) => one.database) ?? []} error={fields.database} onChange={(name) => setForm({ ...form, database: name, backup: 'latest' })} />
        <SelectField label={words.backup} value={form.backup} error={fields.backup} onChange={(id) => setForm({ ...form, backup: id })} options={[{ value: 'latest', label: words.latest }, ...list.map((one) => ({ value: one.id, label: dateTime(one.takenAt) }))]} />
      </div>
      <Place label={words.target} value={form.target} names={targets} error={fields.target} hint={targets.length === 0 ? words.noTarget : undefined} onChange={(target) => setForm({ ...form, target })} />
      <Modes modes={['empty', 'replace', 'swap']} value={form.mode} onChange={(mode) => setForm({ ...form, mode })} />
      <CheckField label={words.dry} checked={form.dryRun} onChange={(dryRun) => setForm({ ...form, dryRun })} />
    </Frame>
  );
}

function CompareDatabases({ locations, onClose }: Props) {
  const words = useWords(operationWords);
  const compare = api.useMutation('post', '/api/v1/operations/database-comparisons', { onError: () => undefined, onSuccess: useStarted() });
  const [form, setForm] = useState({ first: '', second: '' });
  const fields = fieldsOf(compare.error);
  return (
    <Frame title={words.startComparison} error={compare.error} fields={fields} busy={compare.isPending} disabled={form.first === '' || form.second === '' || form.first === form.second} onClose={onClose} onSubmit={() => compare.mutate({ body: form })}>
      <Two names={locations.databases} inUse={locations.inUse} form={form} fields={fields} onChange={setForm} />
    </Frame>
  );
}

function Two({ names, inUse, form, fields, onChange }: { names: readonly string[]; inUse: readonly string[]; form: { first: string; second: string }; fields: Record<string, string>; onChange: (form: { first: string; second: string }) => void }) {
  const words = useWords(operationWords);
  return (
    <div className={styles.pair}>
      <Place label={words.first} value={form.first} names={names} inUse={inUse} error={fields.first} onChange={(first) => onChange({ ...form, first })} />
      <Place label={words.second} value={form.second} names={names} inUse={inUse} error={fields.second ?? (form.first !== '' && form.first === form.second ? words.same : undefined)} onChange={(second) => onChange({ ...form, second })} />
    </div>
  );
}

function SyncBucket({ locations, onClose }: Props) {
  const words = useWords(operationWords);
  const sync = api.useMutation('post', '/api/v1/operations/storage-syncs', { onError: () => undefined, onSuccess: useStarted() });
  const [form, setForm] = useState({ source: '', target: '', prefix: '', removes: false, maxDelete: '25', speed: '', dryRun: true });
  const fields = fieldsOf(sync.error);
  const used = locations.inUse.includes(form.target);
  const warning = [form.removes && words.confirmDelete(form.target), used && words.confirmUsed(form.target)].filter(Boolean).join(' ');
  const figure = (text: string): number | null => (text.trim() === '' ? null : Number(text));
  const submit = (confirm: string | null): void => {
    const speed = figure(form.speed);
    const share = figure(form.maxDelete);
    sync.mutate({ body: {
      source: form.source, target: form.target, prefix: form.prefix || null, delete: form.removes, maxDelete: form.removes && share !== null ? share / 100 : null, bytesPerSecond: speed === null ? null : Math.round(speed * 1_000_000), confirm, dryRun: form.dryRun,
    } });
  };
  return (
    <Frame
      title={words.startSync} error={sync.error} fields={fields} busy={sync.isPending} dry={form.dryRun} typed={typedForBucket({ ...form, inUse: locations.inUse })} warning={warning} disabled={form.source === '' || form.target === '' || form.source === form.target} onClose={onClose} onSubmit={submit}
    >
      <div className={styles.pair}>
        <Place label={words.source} value={form.source} names={locations.buckets} inUse={locations.inUse} error={fields.source} onChange={(source) => setForm({ ...form, source })} />
        <Place label={words.target} value={form.target} names={locations.buckets} inUse={locations.inUse} error={fields.target ?? (form.source !== '' && form.source === form.target ? words.same : undefined)} onChange={(target) => setForm({ ...form, target })} />
      </div>
      <div className={styles.pair}>
        <TextField label={words.prefix} hint={words.prefixHint} maxLength={1024} value={form.prefix} error={fields.prefix} onChange={(event) => setForm({ ...form, prefix: event.target.value })} />
        <TextField label={words.speed} hint={words.speedHint} type="number" min={0.001} step="any" value={form.speed} error={fields.bytesPerSecond} onChange={(event) => setForm({ ...form, speed: event.target.value })} />
      </div>
      <CheckField label={words.deleteExtra} hint={words.deleteHint} checked={form.removes} onChange={(removes) => setForm({ ...form, removes })} />
      {form.removes && <TextField label={words.maxDelete} type="number" min={0} max={100} step="any" required value={form.maxDelete} error={fields.maxDelete} onChange={(event) => setForm({ ...form, maxDelete: event.target.value })} />}
      <CheckField label={words.dry} checked={form.dryRun} onChange={(dryRun) => setForm({ ...form, dryRun })} />
    </Frame>
  );
}

function CompareBuckets({ locations, onClose }: Props) {
  const words = useWords(operationWords);
  const compare = api.useMutation('post', '/api/v1/operations/storage-comparisons', { onError: () => undefined, onSuccess: useStarted() });
  const [form, setForm] = useState({ first: '', second: '' });
  const [prefix, setPrefix] = useState('');
  const [checksum, setChecksum] = useState(false);
  const fields = fieldsOf(compare.error);
  return (
    <Frame
      title={words.startStorageComparison} error={compare.error} fields={fields} busy={compare.isPending} disabled={form.first === '' || form.second === '' || form.first === form.second} onClose={onClose}
      onSubmit={() => compare.mutate({ body: { ...form, prefix: prefix || null, checksum } })}
    >
      <Two names={locations.buckets} inUse={locations.inUse} form={form} fields={fields} onChange={setForm} />
      <TextField label={words.prefix} hint={words.prefixHint} maxLength={1024} value={prefix} error={fields.prefix} onChange={(event) => setPrefix(event.target.value)} />
      <CheckField label={words.checksum} hint={words.checksumHint} checked={checksum} onChange={setChecksum} />
    </Frame>
  );
}
