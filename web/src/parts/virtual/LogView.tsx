import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, ChevronDown, Copy, Download, Search, WrapText } from 'lucide-react';
import { memo, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { usePartWords } from '../richWords';
import { count } from '../charts/numbers';
import { countLevels, findRows, levelOf, logLevels, marked, rowsOf, textOf, type LogLevel, type LogLine, type LogRow } from './logs';
import styles from './LogView.module.css';

const rowHeight = 20;

/**
 * A log of up to 100,000 lines. It follows its end until somebody scrolls up; a button then tells how many lines are new.
 * @param lines Oldest first. Lines that stay must be the same objects when others are added.
 * @param live More lines may come.
 * @param onTop The oldest line is in the view; older ones may be loaded.
 */
export function LogView({ lines, live = false, height = 480, highlight = '', onDownload, onTop, loading = false }: {
  lines: readonly LogLine[];
  live?: boolean;
  height?: number | string;
  /** Text that is marked while nobody searches. */
  highlight?: string;
  onDownload?: () => void;
  onTop?: () => void;
  loading?: boolean;
}) {
  const { virtual: words } = usePartWords();
  const [levels, setLevels] = useState<ReadonlySet<LogLevel>>(new Set(logLevels));
  const [typed, setTyped] = useState('');
  const query = useDeferredValue(typed.trim());
  const [wraps, setWraps] = useState(false);
  const [follows, setFollows] = useState(live);
  const [copied, setCopied] = useState(false);
  const counts = useMemo(() => countLevels(lines), [lines]);
  const shownLines = useMemo(() => (levels.size === logLevels.length ? lines : lines.filter(line => levels.has(levelOf(line)))), [lines, levels]);
  const rows = useMemo(() => rowsOf(shownLines), [shownLines]);
  const matches = useMemo(() => findRows(rows, query), [rows, query]);
  const [match, setMatch] = useState(0);
  const current = Math.min(match, matches.length - 1);

  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 20, useFlushSync: false,
    getItemKey: index => {
      const row = rows[index]!;
      return row.first ? row.line.id : `${row.line.id}-${index}`;
    },
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, wraps]);

  // The lines that came since the end was last in the view.
  const seen = useRef(lines.length);
  if (follows) seen.current = lines.length;
  const fresh = Math.max(0, lines.length - seen.current);
  useLayoutEffect(() => {
    if (follows && rows.length > 0) virtualizer.scrollToIndex(rows.length - 1, { align: 'end' });
  }, [virtualizer, follows, rows.length, wraps]);

  const onScroll = () => {
    const node = scroller.current!;
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < rowHeight * 1.5;
    if (atEnd) seen.current = lines.length;
    setFollows(atEnd && live);
    if (node.scrollTop < rowHeight * 20) onTop?.();
  };
  const goTo = (index: number) => {
    if (matches.length === 0) return;
    const next = (index + matches.length) % matches.length;
    setMatch(next);
    setFollows(false);
    virtualizer.scrollToIndex(matches[next]!, { align: 'center' });
  };
  // A new search begins at the first match from where one looks.
  useEffect(() => {
    if (query === '' || matches.length === 0) return;
    const top = virtualizer.range?.startIndex ?? 0;
    const first = matches.findIndex(index => index >= top);
    goTo(first < 0 ? 0 : first);
  }, [query]);

  const onSearchKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') goTo(current + (event.shiftKey ? -1 : 1));
    else if (event.key === 'Escape' && typed !== '') setTyped('');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onLogKey = (event: KeyboardEvent) => {
    const node = scroller.current!;
    if (event.key === 'End') virtualizer.scrollToIndex(rows.length - 1, { align: 'end' });
    else if (event.key === 'Home') node.scrollTop = 0;
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const toggle = (level: LogLevel) => {
    const next = new Set(levels);
    if (!next.delete(level)) next.add(level);
    setLevels(next);
  };

  const virtualRows = virtualizer.getVirtualItems();
  const matched = matches[current];
  const gutter = `${Math.max(2, `${lines.at(-1)?.id ?? 0}`.length)}ch`;
  return (
    <section className={styles.log} style={{ height }} aria-label={words.log}>
      <div className={styles.bar}>
        <div className={styles.levels} role="group" aria-label={words.levels}>
          {logLevels.map(level => (
            <button key={level} type="button" aria-pressed={levels.has(level)} data-level={level} onClick={() => toggle(level)}>
              <i aria-hidden="true" /> {words.levelNames[level]} <b>{count(counts[level])}</b>
            </button>
          ))}
        </div>
        <div className={styles.search} role="search">
          <Search size={14} aria-hidden="true" />
          <input type="search" value={typed} placeholder={words.search} aria-label={words.search} onChange={event => setTyped(event.target.value)} onKeyDown={onSearchKey} />
          <span role="status" className={styles.matches}>{query === '' ? '' : matches.length === 0 ? words.noMatch : words.match(current + 1, matches.length)}</span>
          <button type="button" aria-label={words.previousMatch} title={words.previousMatch} disabled={matches.length === 0} onClick={() => goTo(current - 1)}><ArrowUp size={14} /></button>
          <button type="button" aria-label={words.nextMatch} title={words.nextMatch} disabled={matches.length === 0} onClick={() => goTo(current + 1)}><ArrowDown size={14} /></button>
        </div>
        <div className={styles.tools}>
          <button type="button" aria-pressed={wraps} aria-label={words.wrap} title={words.wrap} onClick={() => setWraps(!wraps)}><WrapText size={16} /></button>
          <button type="button" aria-label={words.copy} title={copied ? words.copied : words.copy} onClick={() => void navigator.clipboard.writeText(textOf(rows)).then(() => setCopied(true))}><Copy size={16} /></button>
          {onDownload && <button type="button" aria-label={words.download} title={words.download} onClick={onDownload}><Download size={16} /></button>}
          <span className={styles.unseen} role="status">{copied ? words.copied : ''}</span>
        </div>
      </div>
      <div className={styles.body}>
        <div ref={scroller} className={styles.scroller} tabIndex={0} role="log" aria-live="off" aria-label={words.log} aria-busy={loading || undefined} onScroll={onScroll} onKeyDown={onLogKey}>
          {rows.length === 0 && <p className={styles.none}>{loading ? words.loading : lines.length === 0 ? words.noLines : words.noLinesMatch}</p>}
          <div className={wraps ? styles.wrapped : styles.lines} style={{ height: virtualizer.getTotalSize() }}>
            <div style={{ transform: `translateY(${virtualRows[0]?.start ?? 0}px)` }}>
              {virtualRows.map(({ index, key }) => (
                <Row
                  key={key} row={rows[index]!} index={index} query={query === '' ? highlight : query} current={index === matched} numberWidth={gutter}
                  level={words.levelNames[levelOf(rows[index]!.line)]} measure={wraps ? virtualizer.measureElement : undefined}
                />
              ))}
            </div>
          </div>
        </div>
        {live && !follows && (
          <button type="button" className={styles.fresh} onClick={() => (setFollows(true), virtualizer.scrollToIndex(rows.length - 1, { align: 'end' }))}>
            <ChevronDown size={14} aria-hidden="true" /> {fresh > 0 ? words.newLines(fresh) : words.follow}
          </button>
        )}
      </div>
      <p className={styles.foot}>{words.shownLines(shownLines.length, lines.length)}</p>
    </section>
  );
}

const Row = memo(function Row({ row, index, query, current, numberWidth, level, measure }: {
  row: LogRow;
  index: number;
  query: string;
  current: boolean;
  numberWidth: string;
  level: string;
  measure: ((node: Element | null) => void) | undefined;
}) {
  return (
    <div ref={measure} data-index={index} data-level={levelOf(row.line)} className={styles.row} data-current={current || undefined}>
      <span className={styles.number} style={{ minWidth: numberWidth }}>{row.first ? row.line.id : ''}</span>
      <time className={styles.time} dateTime={row.line.time} title={row.line.time}>{row.first ? clock(row.line.time) : ''}</time>
      <span className={styles.level}>{row.first ? level : ''}</span>
      <span className={styles.text}>{query === '' ? row.text : marked(row.text, query).map((part, i) => (part.hit ? <mark key={i}>{part.text}</mark> : part.text))}</span>
    </div>
  );
});

const clocks = new Map<string, string>();

/** The local time of day with seconds. */
function clock(time: string): string {
  let text = clocks.get(time);
  if (text === undefined) {
    const date = new Date(time);
    text = Number.isNaN(date.getTime()) ? '' : [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => `${part}`.padStart(2, '0')).join(':');
    if (clocks.size > 5000) clocks.clear();
    clocks.set(time, text);
  }
  return text;
}
