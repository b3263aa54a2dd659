import { useEffect, useId, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useSize } from '../useSize';
import { useThemeVersion } from '../useTheme';
import { useVisible } from '../useVisible';
import { usePartWords } from '../richWords';
import { factsOf, nearest, nonFinite, ranges, type Curve } from './curves';
import { CurveTable } from './CurveTable';
import { number } from './numbers';
import { dataOf, extentOf, linesOf, plotOptions, type Line, type Range } from './plot';
import styles from './CurveChart.module.css';

/**
 * Curves over epochs or steps. The canvas exists only while the chart is in the view. Charts with the same `syncKey` share their cursor.
 * @param smoothing 0 to below 1: weight of the past in the average.
 */
export function CurveChart({ title, curves, height = 220, syncKey, smoothing = 0, logarithmic: startsLogarithmic = false, xLabel }: {
  title: string;
  curves: readonly Curve[];
  /** Of the plot in pixels, without title and legend. */
  height?: number;
  syncKey?: string;
  smoothing?: number;
  logarithmic?: boolean;
  xLabel?: string;
}) {
  const { charts: words } = usePartWords();
  const figure = useRef<HTMLElement>(null);
  const visible = useVisible(figure);
  const titleId = useId();
  const [logarithmic, setLogarithmic] = useState(startsLogarithmic);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [zoom, setZoom] = useState<Range | null>(null);
  const [asTable, setAsTable] = useState(false);
  const lines = useMemo(() => linesOf(curves, smoothing), [curves, smoothing]);
  const legend = useRef<HTMLUListElement>(null);
  const summary = useMemo(() => words.summary(title, curves.filter(curve => !curve.discarded).map(factsOf)), [words, title, curves]);
  const empty = curves.every(curve => curve.ys.every(y => y === null));

  const toggle = (id: string) => setHidden(old => {
    const next = new Set(old);
    if (!next.delete(id)) next.add(id);
    return next;
  });

  return (
    <figure ref={figure} className={styles.chart} aria-labelledby={titleId}>
      <figcaption className={styles.head}>
        <span id={titleId} className={styles.title}>{title}</span>
        <span className={styles.tools}>
          {zoom && !asTable && <button type="button" onClick={() => setZoom(null)}>{words.resetZoom}</button>}
          {!asTable && (
            <button type="button" aria-pressed={logarithmic} onClick={() => setLogarithmic(!logarithmic)}>{words.logarithmic}</button>
          )}
          <button type="button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{asTable ? words.showChart : words.showTable}</button>
        </span>
      </figcaption>
      <div className={styles.body} style={{ height }}>
        {empty && <p className={styles.empty}>{words.noData}</p>}
        {!empty && asTable && <CurveTable title={title} curves={curves} xLabel={xLabel ?? words.epoch} height={height} />}
        {!empty && !asTable && (
          <div role="img" aria-label={summary} className={styles.plot}>
            {visible && <Plot {...{ lines, hidden, logarithmic, zoom, height, syncKey, legend, onZoom: setZoom }} />}
          </div>
        )}
      </div>
      <Legend ref={legend} lines={lines} hidden={hidden} onToggle={toggle} xLabel={xLabel ?? words.epoch} />
      <Notes curves={curves} logarithmic={logarithmic} />
    </figure>
  );
}

/** Owns the uPlot instance: made anew when the lines or the scale change, given new data otherwise. */
function Plot({ lines, hidden, logarithmic, zoom, height, syncKey, legend, onZoom }: {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  logarithmic: boolean;
  zoom: Range | null;
  height: number;
  syncKey: string | undefined;
  legend: React.RefObject<HTMLUListElement | null>;
  onZoom: (range: Range | null) => void;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const { width } = useSize(holder);
  const theme = useThemeVersion();
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ lines, zoom, onZoom });
  latest.current = { lines, zoom, onZoom };
  const shape = lines.map(line => `${line.curve.id}|${line.curve.label}|${line.variable}|${line.faint}|${line.curve.dashed ?? false}`).join('\n');
  const ready = width > 0;

  useEffect(() => {
    if (!ready || !holder.current) return;
    const made = new uPlot(
      plotOptions({
        width: holder.current.clientWidth, height, lines: latest.current.lines, hidden, logarithmic, syncKey,
        range: () => latest.current.zoom ?? extentOf(latest.current.lines),
        onZoom: range => latest.current.onZoom(range),
        onCursor: x => writeLegend(legend.current, latest.current.lines, x),
      }),
      dataOf(latest.current.lines, latest.current.zoom ?? extentOf(latest.current.lines), holder.current.clientWidth, logarithmic) as uPlot.AlignedData,
      holder.current,
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [ready, shape, hidden, logarithmic, syncKey, height, legend]);

  useEffect(() => {
    plot.current?.setData(dataOf(lines, zoom ?? extentOf(lines), width, logarithmic) as uPlot.AlignedData);
    writeLegend(legend.current, lines, null);
  }, [lines, zoom, width, logarithmic, legend]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);
  useEffect(() => plot.current?.redraw(false, true), [theme]);

  return <div ref={holder} className={styles.holder} />;
}

function Legend({ lines, hidden, onToggle, xLabel, ref }: {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
  xLabel: string;
  ref: React.RefObject<HTMLUListElement | null>;
}) {
  const { charts: words } = usePartWords();
  useEffect(() => writeLegend(ref.current, lines, null), [ref, lines]);
  return (
    <ul ref={ref} className={styles.legend}>
      {lines.filter(line => !line.faint).map(({ curve, variable }) => (
        <li key={curve.id}>
          <button
            type="button" className={styles.key} aria-pressed={!hidden.has(curve.id)} onClick={() => onToggle(curve.id)}
            title={hidden.has(curve.id) ? words.showSeries(curve.label) : words.hideSeries(curve.label)}
          >
            <i aria-hidden="true" className={curve.discarded || curve.dashed ? styles.dashed : styles.solid} style={{ color: `var(${variable})` }} />
            <span className={styles.label}>{curve.label}</span>
            <span className={styles.value} data-curve={curve.id} />
          </button>
        </li>
      ))}
      <li className={styles.at} aria-hidden="true"><span>{xLabel}</span> <span className={styles.value} data-x /></li>
    </ul>
  );
}

/** Writes the values at the cursor, or the last ones, without a render: it runs for every movement of the pointer in every synchronised chart. */
function writeLegend(list: HTMLUListElement | null, lines: readonly Line[], x: number | null): void {
  if (!list) return;
  const extent = extentOf(lines);
  let shown: number | null = null;
  const texts = new Map<string, string>();
  for (const line of lines) {
    if (line.faint) continue;
    const { xs, ys } = line.points;
    const index = x === null ? xs.length - 1 : nearest(xs, x);
    const y = ys[index];
    const far = x !== null && index >= 0 && (x < xs[0]! - 0.5 || x > xs.at(-1)! + 0.5);
    texts.set(line.curve.id, y === null || y === undefined || far ? '–' : number(y));
    if (!far && index >= 0 && !line.curve.discarded) shown = shown === null || Math.abs(xs[index]! - (x ?? extent!.max)) < Math.abs(shown - (x ?? extent!.max)) ? xs[index]! : shown;
  }
  for (const cell of list.querySelectorAll<HTMLElement>('[data-curve]')) cell.textContent = texts.get(cell.dataset.curve!) ?? '–';
  const at = list.querySelector('[data-x]');
  if (at) at.textContent = shown === null ? '–' : number(shown);
}

/** What a reader must know besides the lines: values that no line can show. */
function Notes({ curves, logarithmic }: { curves: readonly Curve[]; logarithmic: boolean }) {
  const { charts: words } = usePartWords();
  const notes = useMemo(() => curves.filter(curve => !curve.discarded).flatMap(curve => {
    const marks = nonFinite(curve);
    const nan = marks.filter(mark => mark.kind === 'nan').map(mark => mark.x);
    const infinite = marks.filter(mark => mark.kind !== 'nan').map(mark => mark.x);
    return [
      ...(nan.length > 0 ? [words.notANumber(curve.label, ranges(nan))] : []),
      ...(infinite.length > 0 ? [words.infinite(curve.label, ranges(infinite))] : []),
      ...(logarithmic && curve.ys.some(y => y !== null && y <= 0) ? [words.notOnLog(curve.label)] : []),
    ];
  }), [curves, logarithmic, words]);
  if (notes.length === 0) return null;
  return <ul className={styles.notes}>{notes.map(note => <li key={note}>{note}</li>)}</ul>;
}
