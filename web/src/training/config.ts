import type { ConfigField, ConfigSchema } from '../api/schema';

/** What stands in a field of the form: text for numbers and texts, the names of options for a list. A field that is not here has its default. */
export type Entry = string | boolean | string[];
export type Entries = Readonly<Record<string, Entry>>;

export type Fault = { kind: 'required' | 'whole' | 'number' | 'option' } | { kind: 'range'; min: number | null; max: number | null; exclusiveMin: boolean; exclusiveMax: boolean };

/** The fields under their headings: first those without one, then the groups in the order in which the trainer names them. */
export function groupsOf(fields: readonly ConfigField[]): { group: string | null; fields: ConfigField[] }[] {
  const groups = new Map<string | null, ConfigField[]>([[null, []]]);
  for (const field of fields) groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  return [...groups].filter(([, inGroup]) => inGroup.length > 0).map(([group, inGroup]) => ({ group, fields: inGroup }));
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The option of a field that a text names; options may be numbers. */
const optionOf = (field: ConfigField, text: string): unknown => field.options?.find((option) => String(option) === text);

/** The value of an entry, or what is wrong with it. `undefined` as value: the default is used. The rules are those of the server. */
export function readEntry(field: ConfigField, entry: Entry | undefined): { value: unknown } | { fault: Fault } {
  const empty = entry === undefined || (typeof entry === 'string' && entry.trim() === '');
  if (empty) return field.required ? { fault: { kind: 'required' } } : { value: undefined };
  if (field.type === 'bool') return { value: entry === true };
  if (field.type === 'multiselect') return { value: (Array.isArray(entry) ? entry : [String(entry)]).map((text) => optionOf(field, text) ?? text) };
  const text = String(entry).trim();
  if (field.type === 'select') return optionOf(field, text) === undefined && field.options !== null ? { fault: { kind: 'option' } } : { value: optionOf(field, text) ?? text };
  if (field.type !== 'int' && field.type !== 'float') return { value: text };
  const value = Number(text);
  if (!Number.isFinite(value)) return { fault: { kind: field.type === 'int' ? 'whole' : 'number' } };
  if (field.type === 'int' && !Number.isSafeInteger(value)) return { fault: { kind: 'whole' } };
  const { min, max, exclusiveMin, exclusiveMax } = field;
  const low = min !== null && (exclusiveMin ? value <= min : value < min);
  const high = max !== null && (exclusiveMax ? value >= max : value > max);
  return low || high ? { fault: { kind: 'range', min, max, exclusiveMin, exclusiveMax } } : { value };
}

export function faultsOf(fields: readonly ConfigField[], entries: Entries): Record<string, Fault> {
  const faults: Record<string, Fault> = {};
  for (const field of fields) {
    const read = readEntry(field, entries[field.name]);
    if ('fault' in read) faults[field.name] = read.fault;
  }
  return faults;
}

/** The configuration to send: what differs from the defaults. Fields with a fault are left out. */
export function configOf(fields: readonly ConfigField[], entries: Entries): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const field of fields) {
    const read = readEntry(field, entries[field.name]);
    if ('value' in read && read.value !== undefined && !same(read.value, field.default)) config[field.name] = read.value;
  }
  return config;
}

const entryOf = (value: unknown): Entry => (typeof value === 'boolean' ? value : Array.isArray(value) ? value.map(String) : String(value));

/** The entries that show a configuration. What the trainer does not know is left out. */
export function entriesOf(fields: readonly ConfigField[], config: Readonly<Record<string, unknown>>): Entries {
  const entries: Record<string, Entry> = {};
  for (const { name } of fields) if (config[name] !== undefined && config[name] !== null) entries[name] = entryOf(config[name]);
  return entries;
}

/** The ready-made configurations of a trainer by name. */
export const presetsOf = (schema: ConfigSchema | undefined): Record<string, Record<string, unknown>> =>
  Object.fromEntries(Object.entries(schema?.presets ?? {}).filter((preset): preset is [string, Record<string, unknown>] => typeof preset[1] === 'object' && preset[1] !== null));

/** The preset that the entries are, `default` without any entry, or null for a configuration of one's own. */
export function presetIn(schema: ConfigSchema, entries: Entries): string | null {
  const config = configOf(schema.fields, entries);
  const key = (values: Record<string, unknown>): string => JSON.stringify(Object.entries(values).sort(([a], [b]) => a.localeCompare(b)));
  if (Object.keys(config).length === 0) return 'default';
  return Object.entries(presetsOf(schema)).find(([, preset]) => key(configOf(schema.fields, entriesOf(schema.fields, preset))) === key(config))?.[0] ?? null;
}

/** The advanced fields that have a value of their own: neither the default nor one of the presets. They need `training:advanced`. */
export function advancedIn(schema: ConfigSchema, entries: Entries): string[] {
  const config = configOf(schema.fields, entries);
  const presets = Object.values(presetsOf(schema));
  return schema.fields.filter((field) => field.advanced && config[field.name] !== undefined && !presets.some((preset) => same(preset[field.name], config[field.name]))).map((field) => field.name);
}

/** What a clone has to change to get from one configuration to another; null takes a field out. */
export function changesOf(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) if (!same(before[name], after[name])) changes[name] = after[name] ?? null;
  return changes;
}

/** Images in each split for shares of 0 to 1, as near as whole images allow; a share above zero gets at least one image. */
export function splitCounts(images: number, ratios: readonly number[]): [train: number, val: number, test: number] {
  const least = (share: number): number => (share > 0 && images > 2 ? 1 : 0);
  const val = Math.max(least(ratios[1] ?? 0), Math.round(images * (ratios[1] ?? 0)));
  const test = Math.max(least(ratios[2] ?? 0), Math.round(images * (ratios[2] ?? 0)));
  return [Math.max(0, images - val - test), val, test];
}

/** Shares of three texts in percent that add up to 100; null otherwise. */
export function ratiosOf(texts: readonly string[]): number[] | null {
  const shares = texts.map((text) => (text.trim() === '' ? NaN : Number(text)));
  if (shares.length !== 3 || shares.some((share) => !(share >= 0 && share <= 100)) || Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100) > 1e-6 || shares[0] === 0) return null;
  return shares.map((share) => Number((share / 100).toFixed(6)));
}
