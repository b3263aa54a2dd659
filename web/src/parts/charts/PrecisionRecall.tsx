import { useMemo, useRef, useState } from 'react';
import { useSize } from '../useSize';
import { usePartWords } from '../richWords';
import { areaUnder } from './matrix';
import { number } from './numbers';
import styles from './PrecisionRecall.module.css';

export interface RecallCurve {
  name: string;
  /** In rising recall. */
  points: readonly { recall: number; precision: number }[];
  /** Average precision; the area under the points when left out. */
  average?: number;
}

/** Precision over recall. Of many classes eight are in colour: those that are chosen in the list, at first the worst. */
export function PrecisionRecall({ curves, height = 300, title }: { curves: readonly RecallCurve[]; height?: number; title: string }) {
  const { charts: words } = usePartWords();
  const holder = useRef<HTMLDivElement>(null);
  const { width } = useSize(holder);
  const ranked = useMemo(() => curves.map(curve => ({ ...curve, average: curve.average ?? areaUnder(curve.points) })).sort((a, b) => a.average - b.average), [curves]);
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const shown = chosen ?? new Set(ranked.slice(0, 8).map(curve => curve.name));
  const [hover, setHover] = useState<string | null>(null);
  const colours = new Map([...shown].slice(0, 8).map((name, i) => [name, `var(--series-${i + 1})`]));
  const [left, top, right, bottom] = [40, 8, 8, 36];
  const [w, h] = [Math.max(0, width - left - right), height - top - bottom];
  const path = (curve: RecallCurve) => curve.points.map(({ recall, precision }, i) => `${i === 0 ? 'M' : 'L'}${(left + recall * w).toFixed(1)} ${(top + (1 - precision) * h).toFixed(1)}`).join('');
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const toggle = (name: string) => {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  const summary = `${title}. ${ranked.map(curve => `${curve.name}: ${words.averagePrecision} ${number(curve.average)}`).join(', ')}`;
  return (
    <div className={styles.chart}>
      <div ref={holder} className={styles.plot} style={{ height }}>
        {width > 0 && (
          <svg role="img" aria-label={summary} width={width} height={height}>
            {ticks.map(tick => (
              <g key={tick} className={styles.axis}>
                <line x1={left} x2={left + w} y1={top + (1 - tick) * h} y2={top + (1 - tick) * h} />
                <line x1={left + tick * w} x2={left + tick * w} y1={top} y2={top + h} />
                <text x={left - 8} y={top + (1 - tick) * h + 4} textAnchor="end">{tick}</text>
                <text x={left + tick * w} y={top + h + 16} textAnchor={tick === 1 ? 'end' : 'middle'}>{tick}</text>
              </g>
            ))}
            <text className={styles.name} x={left + w / 2} y={height - 4} textAnchor="middle">{words.recall}</text>
            <text className={styles.name} x={left + 6} y={top + 14}>{words.precision}</text>
            {ranked.filter(curve => !colours.has(curve.name)).map(curve => <path key={curve.name} d={path(curve)} className={hover === curve.name ? styles.pointed : styles.grey} />)}
            {ranked.filter(curve => colours.has(curve.name)).map(curve => (
              <path key={curve.name} d={path(curve)} className={styles.line} style={{ stroke: colours.get(curve.name), strokeWidth: hover === curve.name ? 3 : 1.75, opacity: hover && hover !== curve.name ? 0.35 : 1 }} />
            ))}
          </svg>
        )}
      </div>
      <ul className={styles.classes} style={{ maxHeight: height }} onPointerLeave={() => setHover(null)}>
        {ranked.map(curve => (
          <li key={curve.name}>
            <button type="button" aria-pressed={shown.has(curve.name)} onClick={() => toggle(curve.name)} onPointerEnter={() => setHover(curve.name)} onFocus={() => setHover(curve.name)} onBlur={() => setHover(null)}>
              <i aria-hidden="true" style={{ background: colours.get(curve.name) ?? 'var(--line)' }} />
              <span>{curve.name}</span>
              <b>{number(curve.average)}</b>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Curves from `prPoints` of a validation: the precision of each class at the recalls 0, 0.05 … 1. */
export function recallCurves(points: readonly { class: string; precision: readonly number[] }[]): RecallCurve[] {
  return points.map(({ class: name, precision }) => ({ name, points: precision.map((value, i) => ({ recall: i / Math.max(1, precision.length - 1), precision: value })) }));
}
