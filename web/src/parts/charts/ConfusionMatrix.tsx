import { memo, useMemo, useRef, useState } from 'react';
import { usePartWords } from '../richWords';
import { heat, matrixTotals } from './matrix';
import { count, percent } from './numbers';
import styles from './ConfusionMatrix.module.css';

/**
 * How often each true class (row) was predicted as each class (column).
 * @param matrix One row for each class; it may have one row and one column more, for the background.
 * @param onCell Called for a cell that is clicked, for example to show its images.
 */
export function ConfusionMatrix({ classes, matrix, onCell }: { classes: readonly string[]; matrix: readonly (readonly number[])[]; onCell?: (truth: number, predicted: number) => void }) {
  const { charts: words } = usePartWords();
  const [byRow, setByRow] = useState(true);
  const reading = useRef<HTMLParagraphElement>(null);
  const names = useMemo(() => (matrix.length > classes.length ? [...classes, words.background] : [...classes]), [classes, matrix.length, words]);
  const totals = useMemo(() => matrixTotals(matrix), [matrix]);
  const total = words.confusionTotal(count(totals.all), `${count(totals.diagonal)} (${percent(totals.all > 0 ? totals.diagonal / totals.all : 0)})`);
  const tell = (target: EventTarget) => {
    const cell = (target as Element).closest<HTMLElement>('td');
    if (!reading.current) return;
    const [row, column] = [Number(cell?.dataset.row), Number(cell?.dataset.column)];
    reading.current.textContent = cell ? words.confusionCell(names[row]!, names[column]!, matrix[row]![column] ?? 0, percent((matrix[row]![column] ?? 0) / (totals.rows[row] || 1))) : total;
  };
  return (
    <div className={styles.matrix}>
      <div className={styles.head}>
        <p ref={reading} className={styles.reading}>{total}</p>
        <span className={styles.choice} role="group">
          <button type="button" aria-pressed={byRow} onClick={() => setByRow(true)}>{words.byRow}</button>
          <button type="button" aria-pressed={!byRow} onClick={() => setByRow(false)}>{words.count}</button>
        </span>
      </div>
      {/* Scrolls in both directions, so it can be focused and moved by keyboard. */}
      <div
        className={styles.scroller} role="region" aria-label={`${words.trueClass} × ${words.predictedClass}`} tabIndex={0}
        onPointerOver={event => tell(event.target)} onPointerLeave={() => reading.current && (reading.current.textContent = total)}
        onClick={event => {
          const cell = (event.target as Element).closest<HTMLElement>('td');
          if (cell && onCell) onCell(Number(cell.dataset.row), Number(cell.dataset.column));
        }}
      >
        <Cells {...{ names, matrix, byRow }} rowTotals={totals.rows} largest={totals.largest} corner={`${words.trueClass} ↓  ${words.predictedClass} →`} clickable={onCell !== undefined} />
      </div>
    </div>
  );
}

const Cells = memo(function Cells({ names, matrix, byRow, rowTotals, largest, corner, clickable }: {
  names: readonly string[];
  matrix: readonly (readonly number[])[];
  byRow: boolean;
  rowTotals: readonly number[];
  largest: number;
  corner: string;
  clickable: boolean;
}) {
  const dense = names.length > 20;
  return (
    <table className={`${styles.cells} ${dense ? styles.dense : ''} ${clickable ? styles.clickable : ''}`}>
      <thead>
        <tr>
          <th scope="col" className={styles.corner}>{corner}</th>
          {names.map((name, i) => <th key={i} scope="col" title={name}><span>{name}</span></th>)}
        </tr>
      </thead>
      <tbody>
        {matrix.map((row, r) => (
          <tr key={r}>
            <th scope="row" title={names[r]}><span>{names[r]}</span></th>
            {row.map((value, c) => {
              const share = byRow ? value / (rowTotals[r] || 1) : value / (largest || 1);
              return (
                <td key={c} data-row={r} data-column={c} className={r === c ? styles.diagonal : undefined} style={heat(share, r === c)}>
                  {value === 0 ? '' : byRow ? (dense ? Math.round(share * 100) : percent(share)) : count(value)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
});
