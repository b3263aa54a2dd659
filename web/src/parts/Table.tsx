import type { ReactNode } from 'react';
import styles from './Table.module.css';

export type Column<T> = {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
  /** Hidden on narrow screens. */
  secondary?: boolean;
};

/** A table of up to some hundred rows. The first column names the row. */
export function Table<T>({ label, columns, rows, rowKey }: { label: string; columns: Column<T>[]; rows: readonly T[]; rowKey: (row: T) => string }) {
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>{columns.map((column) => <th key={column.key} scope="col" data-right={column.right || undefined} data-secondary={column.secondary || undefined}>{column.title}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) => index === 0
                ? <th key={column.key} scope="row">{column.cell(row)}</th>
                : <td key={column.key} data-right={column.right || undefined} data-secondary={column.secondary || undefined}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
