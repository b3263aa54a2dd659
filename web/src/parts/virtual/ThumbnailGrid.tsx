import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { Check, ImageOff } from 'lucide-react';
import { memo, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from 'react';
import { useSize } from '../useSize';
import { usePartWords } from '../richWords';
import { PagedItems, type Page } from './pagedItems';
import styles from './ThumbnailGrid.module.css';

const gap = 8;
const opened = new Map<string, PagedItems<unknown>>();

/**
 * The items of a list by its key, such as its address with its filters. A list that is opened again has what was loaded and where one was.
 */
export function usePagedItems<T>(listKey: string, loadPage: (cursor: string | null) => Promise<Page<T>>): PagedItems<T> {
  let items = opened.get(listKey) as PagedItems<T> | undefined;
  if (!items) items = new PagedItems(loadPage);
  items.use(loadPage);
  // The list that was opened last is at the end; only a few are kept.
  opened.delete(listKey);
  opened.set(listKey, items as PagedItems<unknown>);
  if (opened.size > 6) opened.delete(opened.keys().next().value!);
  return items;
}

/** Forgets lists whose items have changed, by the beginning of their keys. */
export function forgetItems(prefix: string): void {
  for (const key of opened.keys()) if (key.startsWith(prefix)) opened.delete(key);
}

/** What a cell shows of an item. */
export interface Thumbnail {
  key: string;
  /** Address of the preview; null when there is none. */
  src: string | null;
  /** Names the item. */
  label: string;
  caption?: ReactNode;
  /** In the corner, such as a split or a count of objects. */
  badge?: ReactNode;
}

/**
 * A grid of a hundred thousand previews. Arrow keys move, Enter opens, Space selects, Shift extends, Ctrl+A takes all that were loaded.
 * @param total Number of items where it is known before the last page is loaded.
 */
export function ThumbnailGrid<T>({ label, items, total, thumbnail, cellSize = 148, captionHeight = 40, height = 640, selected, onSelect, onOpen, empty }: {
  label: string;
  items: PagedItems<T>;
  total?: number;
  thumbnail: (item: T) => Thumbnail;
  /** Smallest width of a cell in pixels; the picture is as high as that. */
  cellSize?: number;
  captionHeight?: number;
  height?: number | string;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  onOpen?: (item: T, index: number) => void;
  empty?: ReactNode;
}) {
  const { virtual: words } = usePartWords();
  const version = useSyncExternalStore(items.subscribe, items.version);
  const scroller = useRef<HTMLDivElement>(null);
  const { width } = useSize(scroller);
  const columns = Math.max(1, Math.floor((width - gap) / (cellSize + gap)));
  const count = items.count ?? Math.max(total ?? 0, items.seen + (total === undefined ? columns * 3 : 0));
  const rows = Math.ceil(count / columns);
  const rowHeight = cellSize + captionHeight + gap;
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const focusing = useRef(false);
  const activeRow = Math.floor(active / columns);
  const pace = usePace(scroller);

  const virtualizer = useVirtualizer({
    count: width > 0 ? rows : 0, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 3, initialOffset: items.scrollTop, paddingStart: gap, useFlushSync: false,
    // The row with the focus stays, so that the focus does.
    rangeExtractor: range => {
      const indices = defaultRangeExtractor(range);
      return activeRow >= rows || indices.includes(activeRow) ? indices : [...indices, activeRow].sort((a, b) => a - b);
    },
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  useLayoutEffect(() => {
    if (width > 0 && scroller.current && items.scrollTop > 0) scroller.current.scrollTop = items.scrollTop;
  }, [items, width > 0]);

  const range = virtualizer.range;
  const [from, to] = [(range?.startIndex ?? 0) * columns, ((range?.endIndex ?? 0) + 2) * columns];
  useEffect(() => {
    if (width > 0) items.want(from, to);
  }, [items, from, to, width]);

  useEffect(() => {
    if (!focusing.current) return;
    const cell = scroller.current?.querySelector<HTMLElement>(`[data-cell="${active}"]`);
    if (!cell) return;
    focusing.current = false;
    cell.focus({ preventScroll: true });
  });

  const keyAt = (index: number) => {
    const item = items.get(index);
    return item === undefined ? null : thumbnail(item).key;
  };
  const selectRange = (a: number, b: number, keep: boolean) => {
    const keys = new Set(keep ? selected : []);
    for (let i = Math.min(a, b); i <= Math.max(a, b); i++) {
      const key = keyAt(i);
      if (key !== null) keys.add(key);
    }
    onSelect?.(keys);
  };
  const toggle = (index: number) => {
    const key = keyAt(index);
    if (key === null || !onSelect) return;
    const keys = new Set(selected);
    if (!keys.delete(key)) keys.add(key);
    anchor.current = index;
    onSelect(keys);
  };
  const moveTo = (index: number, extend: boolean) => {
    const next = Math.max(0, Math.min(count - 1, index));
    focusing.current = true;
    setActive(next);
    virtualizer.scrollToIndex(Math.floor(next / columns));
    if (extend && onSelect) selectRange(anchor.current, next, false);
    else if (!extend) anchor.current = next;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight)) * columns;
    const target = {
      ArrowRight: active + 1, ArrowLeft: active - 1, ArrowDown: active + columns, ArrowUp: active - columns, PageDown: active + page, PageUp: active - page,
      Home: command ? 0 : activeRow * columns, End: command ? count - 1 : Math.min(count - 1, activeRow * columns + columns - 1),
    }[event.key];
    const item = items.get(active);
    if (target !== undefined) moveTo(target < 0 || target >= count ? (event.key.startsWith('Page') ? target : active) : target, event.shiftKey);
    else if (event.key === 'Enter' && item !== undefined) onOpen?.(item, active);
    else if (event.key === ' ') toggle(active);
    else if (event.key === 'a' && command && onSelect) selectRange(0, items.seen - 1, false);
    else if (event.key === 'Escape' && selected?.size) onSelect?.(new Set());
    else return;
    event.preventDefault();
  };
  const onClick = (event: React.MouseEvent) => {
    const cell = (event.target as Element).closest<HTMLElement>('[data-cell]');
    if (!cell) return;
    const index = Number(cell.dataset.cell);
    const item = items.get(index);
    setActive(index);
    if (item === undefined) return;
    if (event.shiftKey && onSelect) selectRange(anchor.current, index, event.ctrlKey || event.metaKey);
    else if ((event.target as Element).closest('[data-check]') || event.ctrlKey || event.metaKey || !onOpen) toggle(index);
    else onOpen(item, index);
  };

  if (items.count === 0) return <div className={styles.grid} style={{ height: 'auto' }}>{empty ?? <p className={styles.none}>{words.empty}</p>}</div>;
  return (
    <div className={styles.grid}>
      <div
        ref={scroller} className={styles.scroller} style={{ height }} role="grid" aria-label={label} aria-rowcount={rows} aria-colcount={columns} aria-multiselectable={onSelect ? true : undefined}
        onScroll={event => (items.scrollTop = event.currentTarget.scrollTop)} onKeyDown={onKeyDown} onClick={onClick} data-selecting={selected?.size ? true : undefined}
      >
        <div role="presentation" style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(row => (
            <Row
              key={row.key} index={row.index} top={row.start} height={rowHeight - gap} columns={columns} count={count} items={items} version={version} thumbnail={thumbnail}
              active={row.index === activeRow ? active : -1} selects={onSelect !== undefined} selected={selected} pace={pace} captionHeight={captionHeight} noImage={words.noImage}
            />
          ))}
        </div>
      </div>
      {items.error !== null && (
        <div className={styles.failed} role="alert">{words.loadFailed} <button type="button" onClick={() => items.retry()}>{words.retry}</button></div>
      )}
      <span className={styles.unseen} role="status">{selected?.size ? words.selected(selected.size) : ''}</span>
    </div>
  );
}

interface RowProps<T> {
  index: number;
  top: number;
  height: number;
  columns: number;
  count: number;
  items: PagedItems<T>;
  /** Changes when the items do. */
  version: number;
  thumbnail: (item: T) => Thumbnail;
  /** The item that has the focus, when it is in this row. */
  active: number;
  selects: boolean;
  selected: ReadonlySet<string> | undefined;
  pace: Pace;
  captionHeight: number;
  noImage: string;
}

/** Rows that stay in sight are not drawn again while the list scrolls. */
const Row = memo(function Row<T>({ index: row, top, height, columns, count, items, thumbnail, active, selects, selected, pace, captionHeight, noImage }: RowProps<T>) {
  return (
    <div role="row" aria-rowindex={row + 1} className={styles.row} style={{ height, transform: `translateY(${top}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {Array.from({ length: Math.min(columns, count - row * columns) }, (_, column) => {
        const index = row * columns + column;
        const item = items.get(index);
        const shown = item === undefined ? null : thumbnail(item);
        return (
          <Cell
            key={column} index={index} column={column} focusable={index === active} selects={selects} selected={shown !== null && (selected?.has(shown.key) ?? false)}
            shown={shown} pace={pace} captionHeight={captionHeight} noImage={noImage}
          />
        );
      })}
    </div>
  );
}) as <T>(props: RowProps<T> & { key: React.Key }) => ReactNode;

const Cell = memo(function Cell({ index, column, focusable, selects, selected, shown, pace, captionHeight, noImage }: {
  index: number;
  column: number;
  focusable: boolean;
  selects: boolean;
  selected: boolean;
  shown: Thumbnail | null;
  pace: Pace;
  captionHeight: number;
  noImage: string;
}) {
  return (
    <div
      role="gridcell" data-cell={index} aria-colindex={column + 1} aria-selected={selects ? selected : undefined} aria-label={shown?.label} aria-busy={shown === null || undefined}
      tabIndex={focusable ? 0 : -1} className={`${styles.cell} ${selected ? styles.selected : ''}`}
    >
      <div className={styles.picture}>
        {shown && (shown.src === null ? <span className={styles.missing} title={noImage}><ImageOff size={20} aria-hidden="true" /></span> : <Picture key={shown.src} src={shown.src} pace={pace} />)}
        {selects && shown && <span data-check className={styles.check} aria-hidden="true">{selected && <Check size={14} strokeWidth={3} />}</span>}
        {shown?.badge !== undefined && <span className={styles.badge}>{shown.badge}</span>}
      </div>
      {captionHeight > 0 && <div className={styles.caption} style={{ height: captionHeight }} title={shown?.label}>{shown ? (shown.caption ?? shown.label) : <i className={styles.line} />}</div>}
    </div>
  );
}, (a, b) => a.index === b.index && a.column === b.column && a.focusable === b.focusable && a.selected === b.selected && a.selects === b.selects && a.pace === b.pace
  && a.captionHeight === b.captionHeight && sameThumbnail(a.shown, b.shown));

/** Items are described anew in each render; what they show is compared, not the objects. */
function sameThumbnail(a: Thumbnail | null, b: Thumbnail | null): boolean {
  return a === b || (a !== null && b !== null && a.key === b.key && a.src === b.src && a.label === b.label && simple(a.caption) && a.caption === b.caption && simple(a.badge) && a.badge === b.badge);
}

const simple = (node: ReactNode) => node === null || typeof node !== 'object';

/** An image that begins to load when the scrolling slows down. */
function Picture({ src, pace }: { src: string; pace: Pace }) {
  const [wanted, setWanted] = useState(!pace.fast);
  const [failed, setFailed] = useState(false);
  useEffect(() => (wanted ? undefined : pace.onceCalm(() => setWanted(true))), [wanted, pace]);
  if (failed) return <span className={styles.missing}><ImageOff size={20} aria-hidden="true" /></span>;
  return wanted ? <img src={src} alt="" draggable={false} decoding="async" onError={() => setFailed(true)} /> : null;
}

/** Whether the list moves so fast that nobody can see the images in it. Only those who wait for the end of that are told; nothing else is drawn again. */
class Pace {
  fast = false;
  private readonly waiting = new Set<() => void>();

  onceCalm(then: () => void): () => void {
    if (this.fast) this.waiting.add(then);
    else then();
    return () => this.waiting.delete(then);
  }

  set(fast: boolean): void {
    this.fast = fast;
    if (fast) return;
    for (const then of this.waiting) then();
    this.waiting.clear();
  }
}

/** Fast is more than three pages a second. */
function usePace(scroller: React.RefObject<HTMLElement | null>): Pace {
  const [pace] = useState(() => new Pace());
  useEffect(() => {
    const node = scroller.current;
    if (!node) return;
    let [top, at, timer] = [node.scrollTop, performance.now(), 0];
    const moved = () => {
      const [now, here] = [performance.now(), node.scrollTop];
      // Two frames at once are no speed: what moves by fits and starts would turn fast and slow in every frame.
      if (now - at >= 50) {
        pace.set(Math.abs(here - top) / (now - at) * 1000 > node.clientHeight * 3);
        [top, at] = [here, now];
      }
      clearTimeout(timer);
      timer = window.setTimeout(() => pace.set(false), 120);
    };
    node.addEventListener('scroll', moved, { passive: true });
    return () => {
      clearTimeout(timer);
      node.removeEventListener('scroll', moved);
    };
  }, [pace, scroller]);
  return pace;
}
