import { useCallback } from 'react';
import { useWords } from '../app/words';
import { fieldWords } from './fieldWords';

/** "Batch size" of `batchSize` or `batch_size`. */
export function humanize(name: string): string {
  const words = name.replace(/[_-]+/g, ' ').replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Names of settings and measured figures for people. */
export function useFieldName(): (name: string) => string {
  const { names } = useWords(fieldWords);
  return useCallback((name) => (names as Record<string, string>)[name] ?? humanize(name), [names]);
}

export function useGroupName(): (name: string | null) => string {
  const { groups } = useWords(fieldWords);
  return (name) => (name === null ? '' : (groups as Record<string, string>)[name] ?? humanize(name));
}

export function usePresetName(): (name: string) => string {
  const { presets } = useWords(fieldWords);
  return (name) => (presets as Record<string, string>)[name] ?? humanize(name);
}

/** A value of a configuration as text. Numbers keep all their digits, so that two configurations that differ look different. */
export const valueText = (value: unknown): string =>
  value === null || value === undefined ? '–' : Array.isArray(value) ? value.map(valueText).join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value);
