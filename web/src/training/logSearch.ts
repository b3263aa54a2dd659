import type { LogLine } from '../api/schema';

/** Which lines of a log are shown; held in the URL. */
export type LogSearch = { find?: string | undefined; level?: 'warning' | 'error' | undefined; attempt?: number | undefined };

export const readLogSearch = (search: Record<string, unknown>): LogSearch => ({
  find: typeof search.find === 'string' && search.find.trim() !== '' ? search.find : typeof search.find === 'number' ? String(search.find) : undefined,
  level: search.level === 'warning' || search.level === 'error' ? search.level : undefined,
  attempt: Number.isInteger(search.attempt) && (search.attempt as number) > 0 ? (search.attempt as number) : undefined,
});

export const isFiltered = (search: LogSearch): boolean => search.find !== undefined || search.level !== undefined || search.attempt !== undefined;

/** The search as the API has it; a level includes those above it. */
export const logQuery = (search: LogSearch): { search?: string; level?: string; attempt?: number } => ({
  ...(search.find === undefined ? {} : { search: search.find.trim() }),
  ...(search.level === undefined ? {} : { level: search.level === 'warning' ? 'warning,error' : 'error' }),
  ...(search.attempt === undefined ? {} : { attempt: search.attempt }),
});

/** Lines of pages that were read backwards, oldest first and each once. Lines that were there before stay the same objects. */
export function joinPages(pages: readonly { items: readonly LogLine[] }[], known: ReadonlyMap<number, LogLine>): LogLine[] {
  const lines = new Map<number, LogLine>();
  for (const page of pages) for (const line of page.items) lines.set(line.id, known.get(line.id) ?? line);
  return [...lines.values()].sort((a, b) => a.id - b.id);
}
