import type { Operation, OperationProgress, OperationState } from '../api/schema';
import type { Tone } from '../parts/Badge';

export const operationStates: OperationState[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];
export const operationKinds: Operation['kind'][] = ['backup', 'drill', 'backup_verification', 'restore', 'database_copy', 'database_comparison', 'storage_sync', 'storage_comparison', 'dataset_backup'];

export const hasEnded = ({ state }: Pick<Operation, 'state'>): boolean => state === 'completed' || state === 'failed' || state === 'cancelled';

export const stateTone = (state: OperationState): Tone => (state === 'completed' ? 'good' : state === 'failed' ? 'bad' : state === 'running' ? 'accent' : state === 'pending' ? 'info' : 'neutral');

/** 0 to 1; null when nobody knows how much there is to do. */
export function shareOf({ items, expectedItems, bytes, expectedBytes }: Pick<OperationProgress, 'items' | 'expectedItems' | 'bytes' | 'expectedBytes'>): number | null {
  const [done, expected] = expectedBytes !== null ? [bytes, expectedBytes] : [items, expectedItems];
  return expected === null || expected <= 0 ? null : Math.min(1, done / expected);
}

/** Seconds that an operation took, or has taken until `now`; null before it began. */
export function secondsOf({ startedAt, endedAt }: Pick<Operation, 'startedAt' | 'endedAt'>, now: number): number | null {
  if (startedAt === null) return null;
  return Math.max(0, ((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000);
}

type Report = { facts: [name: string, value: string | number | boolean][]; lists: [name: string, lines: string[]][]; rest: [name: string, value: unknown][] };

/** A report for people: simple values as facts, lists of sentences as lists, everything else as it is. That nothing differs is said as well. */
export function readReport(report: unknown): Report {
  const read: Report = { facts: [], lists: [], rest: [] };
  if (report === null || typeof report !== 'object' || Array.isArray(report)) {
    if (report != null) read.rest.push(['', report]);
    return read;
  }
  for (const [name, value] of Object.entries(report as Record<string, unknown>)) {
    // Whether it was a dry run is said beside the title.
    if (value === null || name === 'isDryRun') continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') read.facts.push([name, value]);
    else if (Array.isArray(value) && value.length === 0) { if (name === 'differences' || name === 'warnings') read.facts.push([name, 0]); }
    else if (Array.isArray(value) && value.every((line) => typeof line === 'string')) read.lists.push([name, value]);
    else if (Array.isArray(value)) read.rest.push([name, value]);
    else {
      const inner = readReport(value);
      const under = (field: string): string => (name === 'summary' ? field : `${name} · ${field}`);
      read.facts.push(...inner.facts.map(([field, fact]): Report['facts'][number] => [under(field), fact]));
      read.lists.push(...inner.lists.map(([field, lines]): Report['lists'][number] => [under(field), lines]));
      read.rest.push(...inner.rest.map(([field, more]): Report['rest'][number] => [under(field), more]));
    }
  }
  return read;
}

/** "bytesPerSecond" as words: "Bytes per second". */
export function asWords(name: string): string {
  const spaced = name.replaceAll(/([a-z0-9])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
