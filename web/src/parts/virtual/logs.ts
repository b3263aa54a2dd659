/** A line of a job's log, as the API has it. */
export interface LogLine {
  id: number;
  attempt?: number;
  level: string;
  message: string;
  source?: string;
  time: string;
}

/** A row on the screen: a line, or one of several lines of a message such as a stack trace. */
export interface LogRow {
  line: LogLine;
  text: string;
  /** In lower case, for the search. */
  folded: string;
  /** The first row of its line has the time and the level. */
  first: boolean;
}

export const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

// Control sequences of ECMA-48 (colours, cursor), titles of terminals, and control characters but tabs and line breaks.
// eslint-disable-next-line no-control-regex
const control = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-Z\\-_]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Text without the codes that colour a terminal. Of a progress bar that writes over itself the last state is left. */
export function plain(message: string): string {
  const text = message.replace(control, '');
  return text.includes('\r') ? text.replace(/\r\n/g, '\n').replace(/[^\n]*\r(?=[^\n])/g, '').replace(/\r/g, '') : text;
}

const rowsByLine = new WeakMap<LogLine, LogRow[]>();

/** The rows of lines. What was made for a line is kept with it, so that a log of 100,000 lines to which one is added costs little. */
export function rowsOf(lines: readonly LogLine[]): LogRow[] {
  const out: LogRow[] = [];
  for (const line of lines) {
    let rows = rowsByLine.get(line);
    if (!rows) {
      rows = plain(line.message).replace(/\n+$/, '').split('\n').map((text, i) => ({ line, text, folded: text.toLowerCase(), first: i === 0 }));
      rowsByLine.set(line, rows);
    }
    for (const row of rows) out.push(row);
  }
  return out;
}

/** A level of the API, or `info` for one that is not known. */
export const levelOf = (line: LogLine): LogLevel => ((logLevels as readonly string[]).includes(line.level) ? (line.level as LogLevel) : 'info');

/** How many lines have each level. */
export function countLevels(lines: readonly LogLine[]): Record<LogLevel, number> {
  const counts = { debug: 0, info: 0, warning: 0, error: 0 };
  for (const line of lines) counts[levelOf(line)]++;
  return counts;
}

/** Indices of the rows that contain a text, regardless of case. */
export function findRows(rows: readonly LogRow[], query: string): number[] {
  const wanted = query.toLowerCase();
  if (wanted === '') return [];
  const found: number[] = [];
  rows.forEach((row, i) => row.folded.includes(wanted) && found.push(i));
  return found;
}

/** A text in parts, of which those that match are marked. */
export function marked(text: string, query: string): { text: string; hit: boolean }[] {
  const wanted = query.toLowerCase();
  const folded = text.toLowerCase();
  // Where lower case has another length, positions differ; such a text is shown without marks.
  if (wanted === '' || folded.length !== text.length) return [{ text, hit: false }];
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (let found = folded.indexOf(wanted); found >= 0; found = folded.indexOf(wanted, at)) {
    if (found > at) parts.push({ text: text.slice(at, found), hit: false });
    parts.push({ text: text.slice(found, found + wanted.length), hit: true });
    at = found + wanted.length;
  }
  if (at < text.length || parts.length === 0) parts.push({ text: text.slice(at), hit: false });
  return parts;
}

/** Rows as text, for the clipboard. */
export function textOf(rows: readonly LogRow[]): string {
  return rows.map(row => (row.first ? `${row.line.time}\t${row.line.level}\t${row.text}` : `\t\t${row.text}`)).join('\n');
}
