import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, ChevronsUpDown, Columns3 } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { usePartWords } from '../richWords';
import { nextSort, sorted, type Sort, type SortValue } from './sorting';
import styles from './DataTable.module.css';

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Makes the column sortable. */
  sortValue?: (row: Row) => SortValue;
  /** The first click on the header puts the highest first. */
  descendingFirst?: boolean;
  /** In pixels; 160 when left out. A column with `grow` takes what is left. */
  width?: number;
  grow?: boolean;
  align?: 'start' | 'end';
  /** Cannot be hidden; the column that names the row. */
  fixed?: boolean;
}

/**
 * A table with a sticky header. More than a hundred rows are drawn only where one looks. Arrow keys move between rows, Enter opens one.
 * Sort and hidden columns are kept here unless the caller holds them, for example in the URL.
 */
export function DataTable<Row>({
  label, rows, columns, rowKey, height, rowHeight = 40, sort: givenSort, onSort, sortsItself = true, hidden: givenHidden, onHidden, choosesColumns = false,
  onOpen, actions, selected, loading = false, error, empty, onEnd,
}: {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** Largest height in pixels; the table scrolls inside. Without it a long table is 640 high. */
  height?: number;
  rowHeight?: number;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  /** False when the server sorts. */
  sortsItself?: boolean;
  hidden?: ReadonlySet<string>;
  onHidden?: (hidden: ReadonlySet<string>) => void;
  /** Shows the menu of columns. */
  choosesColumns?: boolean;
  onOpen?: (row: Row) => void;
  actions?: (row: Row) => ReactNode;
  selected?: (row: Row) => boolean;
  loading?: boolean;
  /** Shown in the place of the rows. */
  error?: ReactNode;
  empty?: ReactNode;
  /** The last row has come near; load the next page. */
  onEnd?: () => void;
}) {
  const { virtual: words } = usePartWords();
  const [ownSort, setOwnSort] = useState<Sort | null>(null);
  const [ownHidden, setOwnHidden] = useState<ReadonlySet<string>>(new Set());
  const sort = givenSort === undefined ? ownSort : givenSort;
  const hidden = givenHidden ?? ownHidden;
  const shown = useMemo(() => columns.filter(column => column.fixed || !hidden.has(column.id)), [columns, hidden]);
  const ordered = useMemo(() => {
    const valueOf = sort && sortsItself ? columns.find(column => column.id === sort.column)?.sortValue : undefined;
    return valueOf ? sorted(rows, valueOf, sort!.descending) : rows;
  }, [rows, columns, sort, sortsItself]);

  const scroller = useRef<HTMLDivElement>(null);
  const isVirtual = ordered.length > 100;
  const virtualizer = useVirtualizer({
    count: isVirtual ? ordered.length : 0, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12, scrollPaddingStart: 36, useFlushSync: false,
  });
  const items = isVirtual ? virtualizer.getVirtualItems() : ordered.map((_, index) => ({ index }));
  const before = isVirtual ? (virtualizer.getVirtualItems()[0]?.start ?? 0) : 0;
  const after = isVirtual ? virtualizer.getTotalSize() - (virtualizer.getVirtualItems().at(-1)?.end ?? 0) : 0;
  const lastIndex = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && ordered.length > 0 && lastIndex >= ordered.length - 20) onEnd();
  }, [onEnd, lastIndex, ordered.length]);

  const [active, setActive] = useState(0);
  const focusing = useRef(false);
  const current = Math.min(active, Math.max(0, ordered.length - 1));
  useEffect(() => {
    if (!focusing.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`tr[data-index="${current}"]`);
    if (!row) return;
    focusing.current = false;
    row.focus({ preventScroll: isVirtual });
  });
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(ordered.length - 1, index));
    focusing.current = true;
    setActive(next);
    if (isVirtual) virtualizer.scrollToIndex(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 1);
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: ordered.length - 1 }[event.key];
    if (to !== undefined) moveTo(to);
    else if (event.key === 'Enter' && onOpen && ordered[current]) onOpen(ordered[current]);
    else return;
    event.preventDefault();
  };

  const changeSort = (column: Column<Row>) => {
    const next = nextSort(sort, column.id, column.descendingFirst ?? false);
    (onSort ?? setOwnSort)(next);
  };
  const width = shown.reduce((sum, column) => sum + (column.width ?? 160), actions ? 64 : 0);
  const span = shown.length + (actions ? 1 : 0);
  const nothing = !loading && (error ? error : ordered.length === 0 ? (empty ?? <p className={styles.none}>{words.empty}</p>) : null);

  return (
    <div className={styles.table}>
      {choosesColumns && <ColumnMenu columns={columns} hidden={hidden} onHidden={onHidden ?? setOwnHidden} />}
      <div ref={scroller} className={styles.scroller} style={{ maxHeight: height ?? (isVirtual ? 640 : undefined) }} role="region" aria-label={label} tabIndex={ordered.length === 0 ? 0 : -1}>
        <table className={styles.rows} style={{ minWidth: width }} aria-rowcount={ordered.length + 1} aria-busy={loading || undefined} onKeyDown={onKeyDown}>
          <colgroup>
            {shown.map(column => <col key={column.id} style={column.grow ? undefined : { width: column.width ?? 160 }} />)}
            {actions && <col style={{ width: 64 }} />}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {shown.map(column => {
                const direction = sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : undefined;
                const Arrow = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : ChevronsUpDown;
                return (
                  <th key={column.id} scope="col" aria-sort={direction} className={column.align === 'end' ? styles.end : undefined}>
                    {column.sortValue ? (
                      <button type="button" onClick={() => changeSort(column)} title={words.sortBy(column.header)}>
                        <span>{column.header}</span><Arrow size={12} aria-hidden="true" className={direction ? styles.sorted : styles.unsorted} />
                      </button>
                    ) : <span>{column.header}</span>}
                  </th>
                );
              })}
              {actions && <th scope="col"><span className={styles.unseen}>{words.actions}</span></th>}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr aria-hidden="true"><td colSpan={span} className={styles.space} style={{ height: before }} /></tr>}
            {!nothing && items.map(({ index }) => {
              const row = ordered[index];
              if (row === undefined) return null;
              return (
                <tr
                  key={rowKey(row)} data-index={index} aria-rowindex={index + 2} aria-selected={selected?.(row)} tabIndex={index === current ? 0 : -1} style={{ height: rowHeight }}
                  className={onOpen ? styles.opens : undefined} onFocus={() => setActive(index)}
                  onClick={event => {
                    if (onOpen && !(event.target as Element).closest('a, button, input, label, [role="menuitem"]')) onOpen(row);
                  }}
                >
                  {shown.map(column => <td key={column.id} className={column.align === 'end' ? styles.end : undefined}>{column.cell(row)}</td>)}
                  {actions && <td className={styles.actions}>{actions(row)}</td>}
                </tr>
              );
            })}
            {after > 0 && <tr aria-hidden="true"><td colSpan={span} className={styles.space} style={{ height: after }} /></tr>}
            {loading && Array.from({ length: ordered.length === 0 ? 6 : 1 }, (_, i) => (
              <tr key={`loading-${i}`} style={{ height: rowHeight }} aria-hidden="true">
                {Array.from({ length: span }, (_, column) => <td key={column}><i className={styles.skeleton} style={{ width: `${40 + ((i * 7 + column * 13) % 5) * 11}%` }} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
        {nothing && <div className={styles.slot}>{nothing}</div>}
      </div>
      <span className={styles.unseen} role="status">{loading ? words.loading : ''}</span>
    </div>
  );
}

function ColumnMenu<Row>({ columns, hidden, onHidden }: { columns: readonly Column<Row>[]; hidden: ReadonlySet<string>; onHidden: (hidden: ReadonlySet<string>) => void }) {
  const { virtual: words } = usePartWords();
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const node = menu.current;
      if (!node?.open) return;
      if (event instanceof globalThis.KeyboardEvent) {
        if (event.key !== 'Escape') return;
        node.querySelector('summary')?.focus();
      } else if (node.contains(event.target as Node)) return;
      node.open = false;
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details ref={menu} className={styles.menu}>
      <summary><Columns3 size={14} aria-hidden="true" /> {words.columns}</summary>
      <div className={styles.choices} role="group" aria-label={words.columns}>
        {columns.filter(column => !column.fixed).map(column => (
          <label key={column.id}>
            <input
              type="checkbox" checked={!hidden.has(column.id)}
              onChange={event => onHidden(event.target.checked ? new Set([...hidden].filter(id => id !== column.id)) : new Set([...hidden, column.id]))}
            />
            {column.header}
          </label>
        ))}
      </div>
    </details>
  );
}
