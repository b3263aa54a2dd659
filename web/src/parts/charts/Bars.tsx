import { useMemo, useRef, useState } from 'react';
import { useSize } from '../useSize';
import { usePartWords } from '../richWords';
import { bins } from './matrix';
import { count, number } from './numbers';
import styles from './Bars.module.css';

/** How often values occur, in equal bins. The bins are also a table for readers who do not see them. */
export function Histogram({ title, values, howMany = 24, height = 140, unit = '' }: { title: string; values: readonly number[]; howMany?: number; height?: number; unit?: string }) {
  const { charts: words } = usePartWords();
  const holder = useRef<HTMLDivElement>(null);
  const { width } = useSize(holder);
  const all = useMemo(() => bins(values, howMany), [values, howMany]);
  const [at, setAt] = useState<number | null>(null);
  const most = Math.max(1, ...all.map(bin => bin.count));
  const plot = height - 20;
  const step = all.length > 0 ? width / all.length : 0;
  const shown = at === null ? undefined : all[at];
  return (
    <figure className={styles.histogram}>
      <figcaption>
        <span className={styles.title}>{title}</span>
        <span className={styles.reading}>{shown ? `${number(shown.from)} – ${number(shown.to)}${unit}: ${count(shown.count)}` : ''}</span>
      </figcaption>
      <div ref={holder} style={{ height }} onPointerLeave={() => setAt(null)}>
        {all.length === 0 ? <p className={styles.none}>{words.noData}</p> : width > 0 && (
          <svg aria-hidden="true" width={width} height={height} onPointerMove={event => setAt(Math.min(all.length - 1, Math.max(0, Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left) / step))))}>
            {all.map((bin, i) => {
              const size = bin.count === 0 ? 0 : Math.max(2, (bin.count / most) * (plot - 4));
              return <rect key={i} x={i * step + 0.5} y={plot - size} width={Math.max(1, step - 1.5)} height={size} rx={Math.min(2, step / 4)} className={at === i ? styles.pointed : styles.bar} />;
            })}
            <line x1={0} x2={width} y1={plot + 0.5} y2={plot + 0.5} className={styles.base} />
            <text x={0} y={height - 4}>{number(all[0]!.from)}{unit}</text>
            <text x={width} y={height - 4} textAnchor="end">{number(all.at(-1)!.to)}{unit}</text>
          </svg>
        )}
      </div>
      <table className={styles.unseen}>
        <caption>{title}</caption>
        <thead><tr><th scope="col">{words.from}</th><th scope="col">{words.to}</th><th scope="col">{words.items}</th></tr></thead>
        <tbody>{all.map((bin, i) => <tr key={i}><td>{number(bin.from)}</td><td>{number(bin.to)}</td><td>{count(bin.count)}</td></tr>)}</tbody>
      </table>
    </figure>
  );
}

export interface Bar {
  id: string;
  label: string;
  /** One number, or the parts of a stack, which `parts` names. */
  values: readonly number[];
  onOpen?: () => void;
}

/** Horizontal bars with their names and numbers, such as images of each class, or divided by split. */
export function BarList({ label, bars, parts, format = count, colours = [1, 3, 2, 4] }: {
  label: string;
  bars: readonly Bar[];
  parts?: readonly string[];
  format?: (value: number) => string;
  colours?: readonly number[];
}) {
  const sum = (bar: Bar) => bar.values.reduce((a, b) => a + b, 0);
  const most = Math.max(Number.MIN_VALUE, ...bars.map(sum));
  return (
    <div className={styles.list}>
      {parts && (
        <ul className={styles.parts} aria-hidden="true">
          {parts.map((part, i) => <li key={part}><i style={{ background: `var(--series-${colours[i % colours.length]})` }} />{part}</li>)}
        </ul>
      )}
      <ul aria-label={label} className={styles.bars}>
        {bars.map(bar => {
          const told = parts ? bar.values.map((value, i) => `${parts[i]} ${format(value)}`).join(', ') : undefined;
          const content = (
            <>
              <span className={styles.name} title={bar.label}>{bar.label}</span>
              <span className={styles.track} aria-hidden="true" title={told}>
                {bar.values.map((value, i) => value > 0 && <i key={i} style={{ width: `${(value / most) * 100}%`, background: `var(--series-${colours[i % colours.length]})` }} />)}
              </span>
              <span className={styles.number}>{format(sum(bar))}{told && <span className={styles.unseen}> ({told})</span>}</span>
            </>
          );
          return <li key={bar.id}>{bar.onOpen ? <button type="button" className={styles.row} onClick={bar.onOpen}>{content}</button> : <div className={styles.row}>{content}</div>}</li>;
        })}
      </ul>
    </div>
  );
}
