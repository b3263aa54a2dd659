import type { Sweep, SweepMethod, SweepState } from '../../api/schema';

export const sweepStates: readonly SweepState[] = ['running', 'completed', 'failed', 'cancelled'];
export const sweepMethods: readonly SweepMethod[] = ['grid', 'random', 'successive_halving'];

/** Which sweeps are listed; held in the URL. */
export type SweepsSearch = { state?: SweepState | undefined; method?: SweepMethod | undefined; text?: string | undefined; sort?: string | undefined };

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

export const readSweepsSearch = (search: Record<string, unknown>): SweepsSearch => ({
  state: sweepStates.find((state) => state === search.state), method: sweepMethods.find((method) => method === search.method), text: text(search.text), sort: text(search.sort),
});

export function matchesSweep(sweep: Sweep, search: SweepsSearch, dataset: string): boolean {
  if (search.state !== undefined && sweep.state !== search.state) return false;
  if (search.method !== undefined && sweep.method !== search.method) return false;
  const wanted = search.text?.trim().toLowerCase();
  return !wanted || [sweep.name, sweep.model, sweep.framework, dataset].some((part) => part.toLowerCase().includes(wanted));
}
