import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { useSize } from '../useSize';
import { cssVariable, useThemeVersion } from '../useTheme';
import { usePartWords } from '../richWords';
import { number } from './numbers';
import { axisOf, distanceTo, lineOf, passes, positionOn, valueAt, type Axis, type Brushes, type Run } from './parallel';
import styles from './ParallelCoordinates.module.css';

const [top, bottom, side] = [44, 28, 56];

/**
 * Each run as a line over what was tried and what came of it. Ranges of axes, drawn with the pointer or set by keyboard, keep the runs inside.
 * @param colourBy Axis whose values colour the lines, usually the metric of the sweep.
 * @param best Run to draw over the others.
 */
export function ParallelCoordinates({ title, axes: wanted, runs, colourBy, best, height = 320, onSelected, onOpen }: {
  title: string;
  axes: readonly { id: string; label: string }[];
  runs: readonly Run[];
  colourBy?: string;
  best?: string;
  height?: number;
  /** Called with the runs inside all ranges whenever the ranges change. */
  onSelected?: (runs: readonly Run[]) => void;
  onOpen?: (run: Run) => void;
}) {
  const { charts: words } = usePartWords();
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(holder);
  const theme = useThemeVersion();
  const [brushes, setBrushes] = useState<Brushes>({});
  const [hover, setHover] = useState<Run | null>(null);
  const axes = useMemo(() => wanted.map(axis => axisOf(axis.id, axis.label, runs)), [wanted, runs]);
  const inside = useMemo(() => runs.filter(run => passes(run, axes, brushes)), [runs, axes, brushes]);
  const xOf = (i: number) => (axes.length === 1 ? width / 2 : side + (i / (axes.length - 1)) * (width - 2 * side));
  const yOf = (at: number) => top + (1 - at) * (height - top - bottom);
  const lines = useMemo(() => new Map(runs.map(run => [run, lineOf(run, axes, (i, at) => [xOf(i), yOf(at)])])), [runs, axes, width, height]);
  const colourAxis = axes.find(axis => axis.id === colourBy);

  const changed = (next: Brushes) => {
    setBrushes(next);
    onSelected?.(runs.filter(run => passes(run, axes, next)));
  };

  useEffect(() => {
    const node = canvas.current;
    if (!node || width === 0) return;
    node.width = width * devicePixelRatio;
    node.height = height * devicePixelRatio;
    const pen = node.getContext('2d')!;
    pen.scale(devicePixelRatio, devicePixelRatio);
    const mix = mixer(cssVariable('--series-4'), cssVariable('--series-1'));
    const kept = new Set(inside);
    const draw = (run: Run, colour: string, alpha: number, thickness: number) => {
      pen.strokeStyle = colour;
      pen.globalAlpha = alpha;
      pen.lineWidth = thickness;
      pen.beginPath();
      let drawing = false;
      for (const point of lines.get(run) ?? []) {
        if (point && drawing) pen.lineTo(point[0], point[1]);
        else if (point) pen.moveTo(point[0], point[1]);
        drawing = point !== null;
      }
      pen.stroke();
    };
    const grey = cssVariable('--line-strong');
    if (kept.size < runs.length) for (const run of runs) if (!kept.has(run)) draw(run, grey, 0.15, 1);
    const alpha = Math.max(0.25, Math.min(0.8, 60 / Math.max(1, kept.size)));
    for (const run of inside) draw(run, colourAxis ? mix(positionOn(colourAxis, run.values[colourAxis.id])) ?? grey : mix(1)!, alpha, 1.25);
    const first = runs.find(run => run.id === best);
    if (first) draw(first, cssVariable('--good'), 1, 2.5);
    if (hover) draw(hover, cssVariable('--text-1'), 1, 2.5);
  }, [lines, inside, hover, best, colourAxis, width, height, theme, runs]);

  const find = (event: PointerEvent) => {
    const box = holder.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [found, nearest] = [null as Run | null, 8];
    for (const run of inside) {
      const distance = distanceTo(lines.get(run) ?? [], x, y);
      if (distance < nearest) [found, nearest] = [run, distance];
    }
    setHover(found);
  };

  return (
    <div className={styles.parallel}>
      <div className={styles.head}>
        <p role="status">{words.selectedRuns(inside.length, runs.length)}</p>
        <p className={styles.hover}>{hover ? hover.label : words.brushHelp}</p>
        {Object.keys(brushes).length > 0 && <button type="button" onClick={() => changed({})}>{words.clearBrushes}</button>}
      </div>
      <div
        ref={holder} role="group" aria-label={title} className={styles.area} style={{ height, cursor: hover && onOpen ? 'pointer' : 'default' }}
        onPointerMove={find} onPointerLeave={() => setHover(null)} onClick={() => hover && onOpen?.(hover)}
      >
        <canvas ref={canvas} aria-hidden="true" style={{ width, height }} />
        {width > 0 && axes.map((axis, i) => (
          <AxisBrush
            key={axis.id} axis={axis} x={xOf(i)} height={height} brush={brushes[axis.id]} value={hover ? hover.values[axis.id] : undefined}
            onBrush={brush => {
              const { [axis.id]: _, ...others } = brushes;
              changed(brush ? { ...others, [axis.id]: brush } : others);
            }}
          />
        ))}
      </div>
    </div>
  );
}

const text = (value: Run['values'][string]) => (typeof value === 'number' ? number(value) : value === null || value === undefined ? '–' : String(value));

function AxisBrush({ axis, x, height, brush, value, onBrush }: {
  axis: Axis;
  x: number;
  height: number;
  brush: readonly [number, number] | undefined;
  value: Run['values'][string];
  onBrush: (brush: readonly [number, number] | null) => void;
}) {
  const { charts: words } = usePartWords();
  const start = useRef<number | null>(null);
  const length = height - top - bottom;
  const at = (event: PointerEvent) => Math.max(0, Math.min(1, 1 - (event.clientY - event.currentTarget.getBoundingClientRect().top) / length));
  const [low, high] = brush ?? [0, 1];
  const set = (a: number, b: number) => onBrush(a <= 0 && b >= 1 ? null : [Math.max(0, a), Math.min(1, b)]);
  const onKey = (end: 'low' | 'high') => (event: KeyboardEvent) => {
    const step = { ArrowUp: 0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowLeft: -0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Delete') onBrush(null);
    else if (step === undefined) return;
    else if (end === 'low') set(Math.max(0, Math.min(high, low + step)), high);
    else set(low, Math.min(1, Math.max(low, high + step)));
    event.preventDefault();
  };
  const handle = (end: 'low' | 'high', position: number) => (
    <span
      role="slider" tabIndex={0} aria-label={`${words.range(axis.label)}: ${end === 'low' ? words.from : words.to}`} aria-orientation="vertical" aria-valuemin={0} aria-valuemax={100}
      aria-valuenow={Math.round(position * 100)} aria-valuetext={text(valueAt(axis, position))} className={styles.handle} style={{ top: (1 - position) * length }} onKeyDown={onKey(end)}
    />
  );
  return (
    <div className={styles.axis} style={{ left: x, top, height: length }}>
      <span className={styles.name} title={axis.label}>{axis.label}</span>
      <span className={styles.max}>{text(valueAt(axis, 1))}</span>
      <div
        className={styles.track}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = at(event);
        }}
        onPointerMove={event => {
          if (start.current === null) return;
          const now = at(event);
          if (Math.abs(now - start.current) > 0.01) set(Math.min(now, start.current), Math.max(now, start.current));
        }}
        onPointerUp={event => {
          if (start.current !== null && Math.abs(at(event) - start.current) <= 0.01) onBrush(null);
          start.current = null;
        }}
        onClick={event => event.stopPropagation()}
      >
        <i className={styles.line} />
        {axis.kind === 'text' && axis.names.length > 2 && axis.names.length <= 8 && axis.names.slice(1, -1).map((name, i) => (
          <span key={name} className={styles.tick} style={{ top: (1 - (i + 1) / (axis.names.length - 1)) * length }}>{name}</span>
        ))}
        {brush && <i className={styles.brush} style={{ top: (1 - high) * length, height: Math.max(2, (high - low) * length) }} />}
      </div>
      {handle('high', high)}
      {handle('low', low)}
      {value !== undefined && positionOn(axis, value) !== null && <span className={styles.reading} style={{ top: (1 - positionOn(axis, value)!) * length }}>{text(value)}</span>}
      <span className={styles.min}>{text(valueAt(axis, 0))}</span>
    </div>
  );
}

/** Colours between two; null for null. */
function mixer(low: string, high: string): (at: number | null) => string | null {
  const parse = (colour: string) => {
    const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data;
  };
  const [a, b] = [parse(low), parse(high)];
  return at => (at === null ? null : `rgb(${[0, 1, 2].map(i => Math.round(a[i]! + (b[i]! - a[i]!) * at)).join(' ')})`);
}
