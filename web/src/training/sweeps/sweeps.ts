import type { ConfigField, JobState, NewSweep, Sweep, SweepMethod, SweepRun, SweepState } from '../../api/schema';
import type { Tone } from '../../parts/Badge';
import type { Run } from '../../parts/charts/parallel';
import { readEntry, type Fault } from '../config';
import { emptyDraft, type Draft } from '../draft';
import { hasEnded } from '../jobs';

export const MOST_CONFIGURATIONS = 200;

export const toneOfSweep: Record<SweepState, Tone> = { running: 'accent', completed: 'good', failed: 'bad', cancelled: 'neutral' };

/** What stands in the form for one field that is tried: a list as text, the chosen options of a selection, or the ends of a range. */
export type Tried = { field: string; mode: 'list' | 'range'; list: string; chosen: string[]; min: string; max: string; log: boolean };
export type SpaceFault = { kind: 'empty' | 'order' | 'positive' | 'repeated' };
export type TriedFault = Fault | SpaceFault;

export const isSpaceFault = (fault: TriedFault): fault is SpaceFault => fault.kind === 'empty' || fault.kind === 'order' || fault.kind === 'positive' || fault.kind === 'repeated';

/** What stands in the form of a new sweep. */
export type SweepDraft = Draft & { method: SweepMethod; tried: Tried[]; configurations: string; minEpochs: string; factor: string; parallel: string; seed: string };

export const emptySweepDraft: SweepDraft = { ...emptyDraft, method: 'random', tried: [], configurations: '10', minEpochs: '1', factor: '3', parallel: '', seed: '' };

export const isNumeric = (field: ConfigField): boolean => field.type === 'int' || field.type === 'float';

/** Fields whose values a sweep can try. The rounds of successive halving decide the epochs themselves. */
export const triableFields = (fields: readonly ConfigField[], method: SweepMethod): ConfigField[] =>
  fields.filter((field) => field.type !== 'multiselect' && !(method === 'successive_halving' && field.name === 'epochs'));

/** The values that a selection or a switch offers, as text. */
export const choicesOf = (field: ConfigField): string[] => (field.type === 'bool' ? ['true', 'false'] : (field.options ?? []).map(String));

/** How a field is tried at first: a range around its default for numbers, on a logarithmic scale where that is small; all options of a selection. */
export function firstTried(field: ConfigField, method: SweepMethod): Tried {
  const base: Tried = { field: field.name, mode: 'list', list: '', chosen: choicesOf(field), min: '', max: '', log: false };
  if (!isNumeric(field) || typeof field.default !== 'number') return base;
  const usual = field.default;
  const within = (value: number): number => Math.max(field.min ?? -Infinity, Math.min(field.max ?? Infinity, value));
  const text = (value: number): string => String(field.type === 'int' ? Math.round(value) : Number(value.toPrecision(4)));
  const log = field.type === 'float' && usual > 0 && usual < 0.1;
  const [low, high] = usual === 0 ? [within(0), within(field.max ?? 1)] : log ? [within(usual / 10), within(usual * 10)] : [within(usual / 2), within(usual * 2)];
  const values = [...new Set([low, usual, high].map(text))];
  return { ...base, mode: method === 'grid' ? 'list' : 'range', list: values.join(', '), min: text(low), max: text(high), log };
}

type Space = NewSweep['space'][number];

/** What is sent for a tried field, or what is wrong with it. The rules are those of the server. */
export function readTried(field: ConfigField, tried: Tried, method: SweepMethod): { value: Space } | { fault: TriedFault } {
  const strict = { ...field, required: true };
  if (isNumeric(field) && tried.mode === 'range' && method !== 'grid') {
    const ends: number[] = [];
    for (const text of [tried.min, tried.max]) {
      const read = readEntry(strict, text);
      if ('fault' in read) return read;
      ends.push(read.value as number);
    }
    const [min, max] = ends as [number, number];
    if (min >= max) return { fault: { kind: 'order' } };
    if (tried.log && min <= 0) return { fault: { kind: 'positive' } };
    return { value: { field: field.name, min, max, log: tried.log } };
  }
  const texts = field.type === 'bool' || field.type === 'select' ? tried.chosen : tried.list.split(',').map((text) => text.trim()).filter((text) => text !== '');
  if (texts.length === 0) return { fault: { kind: 'empty' } };
  const values: unknown[] = [];
  for (const text of texts) {
    const read = readEntry(strict, field.type === 'bool' ? text === 'true' : text);
    if ('fault' in read) return read;
    values.push(read.value);
  }
  return new Set(values.map((value) => JSON.stringify(value))).size < values.length ? { fault: { kind: 'repeated' } } : { value: { field: field.name, values, log: false } };
}

/** Combinations of lists; null when a range allows any number. */
export const combinations = (space: readonly Space[]): number | null =>
  space.some((one) => one.values == null) ? null : space.reduce((product, one) => product * one.values!.length, 1);

export type Round = { runs: number; epochs: number };

/** Rounds with the number of runs and the epoch at which each ends. Methods without halving have one round. */
export function roundsOf(method: SweepMethod, configurations: number, epochs: number, minEpochs: number, factor: number): Round[] {
  if (method !== 'successive_halving') return [{ runs: configurations, epochs }];
  const rounds: Round[] = [];
  for (let runs = configurations, end = minEpochs; ; runs = Math.max(1, Math.floor(runs / factor)), end *= factor) {
    rounds.push({ runs, epochs: Math.min(end, epochs) });
    if (end >= epochs) return rounds;
  }
}

/** Epochs that all runs train together; a run of a later round goes on from its checkpoint. */
export const epochsOfAll = (rounds: readonly Round[]): number => rounds.reduce((sum, round, index) => sum + round.runs * (round.epochs - (rounds[index - 1]?.epochs ?? 0)), 0);

/** A whole number of a text within limits; `empty` for no text, null for what is not allowed. */
export function wholeIn<T>(text: string, min: number, max: number, empty: T): number | T | null {
  if (text.trim() === '') return empty;
  const value = Number(text);
  return Number.isInteger(value) && value >= min && value <= max ? value : null;
}

/** The primary metric of a run at its best epoch; null before the first. */
export const resultOf = (run: Pick<SweepRun, 'bestMetrics'>, primaryMetric: string): number | null => run.bestMetrics?.[primaryMetric] ?? null;

/** Each configuration in the last round that it reached. */
export function latestRuns(runs: readonly SweepRun[]): SweepRun[] {
  const latest = new Map<number, SweepRun>();
  for (const run of runs) if ((latest.get(run.number)?.round ?? 0) < run.round) latest.set(run.number, run);
  return [...latest.values()].sort((a, b) => a.number - b.number);
}

/** Runs as lines of parallel coordinates: what was tried, and what came of it. Runs without a result yet have a broken line. */
export const linesOf = (sweep: Pick<Sweep, 'primaryMetric' | 'space'>, runs: readonly SweepRun[], label: (run: SweepRun) => string): Run[] =>
  runs.map((run) => ({
    id: String(run.number), label: label(run),
    values: {
      ...Object.fromEntries(sweep.space.map(({ field }) => {
        const value = run.config[field];
        return [field, typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null];
      })),
      result: resultOf(run, sweep.primaryMetric),
    },
  }));

/** How many runs there are, and how many of them have ended. */
export function countsOf(sweep: Pick<Sweep, 'runs'>): { all: number; ended: number; underWay: number; waiting: number } {
  const entries = Object.entries(sweep.runs);
  const sum = (wanted: (state: string) => boolean): number => entries.reduce((total, [state, count]) => total + (wanted(state) ? count : 0), 0);
  const ended = sum((state) => state !== 'waiting' && hasEnded(state as JobState));
  const waiting = sum((state) => state === 'waiting' || state === 'pending' || state === 'queued');
  const all = sum(() => true);
  return { all, ended, underWay: all - ended - waiting, waiting };
}

/** Jobs of the best results, best first. */
export const bestJobs = (runs: readonly SweepRun[], primaryMetric: string, most: number): string[] =>
  latestRuns(runs).filter((run) => run.jobId !== null && resultOf(run, primaryMetric) !== null)
    .sort((a, b) => resultOf(b, primaryMetric)! - resultOf(a, primaryMetric)!).slice(0, most).map((run) => run.jobId!);
