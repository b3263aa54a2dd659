import uPlot from 'uplot';
import { cssVariable } from '../useTheme';
import { align, decimate, nonFinite, smooth, type Aligned, type Curve, type Points } from './curves';
import { number } from './numbers';

/** A line on the canvas: a curve, its raw values behind a smoothed line, or both in one. */
export interface Line {
  curve: Curve;
  points: Points;
  faint: boolean;
  /** CSS variable of the colour. */
  variable: string;
}

export interface Range {
  min: number;
  max: number;
}

/** Lines of curves: with smoothing, the values as they are stay faintly behind. */
export function linesOf(curves: readonly Curve[], smoothing: number): Line[] {
  let position = 0;
  return curves.flatMap(curve => {
    if (curve.discarded) return [{ curve, points: curve, faint: false, variable: '--text-3' }];
    const variable = `--series-${((curve.colour ?? ++position) - 1) % 8 + 1}`;
    if (smoothing <= 0) return [{ curve, points: curve, faint: false, variable }];
    return [
      { curve, points: curve, faint: true, variable },
      { curve, points: { xs: curve.xs, ys: smooth(curve.ys, smoothing) }, faint: false, variable },
    ];
  });
}

/** Smallest and largest x of all lines; null when there is no point. */
export function extentOf(lines: readonly Line[]): Range | null {
  let [min, max] = [Infinity, -Infinity];
  for (const { points } of lines)
    if (points.xs.length > 0) [min, max] = [Math.min(min, points.xs[0]!), Math.max(max, points.xs.at(-1)!)];
  return min > max ? null : { min, max };
}

/** What uPlot draws of the lines in a range. */
export function dataOf(lines: readonly Line[], range: Range | null, columns: number, logarithmic: boolean): Aligned {
  const shown = range ? lines.map(line => decimate(line.points, range.min, range.max, columns)) : lines.map(line => line.points);
  return align(shown, logarithmic);
}

/** Draws a cross where a value is not a number, and an arrow where it is infinite. */
export function drawMarks(plot: uPlot, lines: readonly Line[], hidden: ReadonlySet<string>): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const size = 4 * ratio;
  ctx.save();
  ctx.lineWidth = 1.5 * ratio;
  for (const line of lines) {
    if (line.faint || line.curve.discarded || hidden.has(line.curve.id)) continue;
    ctx.strokeStyle = ctx.fillStyle = cssVariable(line.variable);
    for (const mark of nonFinite(line.curve)) {
      const x = plot.valToPos(mark.x, 'x', true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      const y = mark.kind === 'high' ? bbox.top + size + ratio : bbox.top + bbox.height - size - ratio;
      ctx.beginPath();
      if (mark.kind === 'nan') {
        ctx.moveTo(x - size, y - size);
        ctx.lineTo(x + size, y + size);
        ctx.moveTo(x + size, y - size);
        ctx.lineTo(x - size, y + size);
        ctx.stroke();
      } else {
        const tip = mark.kind === 'high' ? -size : size;
        ctx.moveTo(x, y + tip);
        ctx.lineTo(x - size, y - tip);
        ctx.lineTo(x + size, y - tip);
        ctx.fill();
      }
    }
  }
  ctx.restore();
}

/** Indices of points without a neighbour, which no line shows. */
function isolated(ys: ArrayLike<number | null | undefined>, from: number, to: number): number[] {
  const out: number[] = [];
  let [previous, current, gapBefore] = [-1, -1, true];
  for (let i = from; i <= to + 1; i++) {
    const y = i <= to ? ys[i] : null;
    if (y === undefined) continue;
    if (y === null) {
      if (current >= 0 && previous < 0 && gapBefore) out.push(current);
      [previous, current, gapBefore] = [-1, -1, true];
    } else {
      if (current >= 0) gapBefore = false;
      [previous, current] = [current, i];
    }
  }
  return out;
}

/** The one configuration of all charts. */
export function plotOptions(setup: {
  width: number;
  height: number;
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  logarithmic: boolean;
  syncKey: string | undefined;
  range: () => Range | null;
  onZoom: (range: Range | null) => void;
  onCursor: (x: number | null) => void;
}): uPlot.Options {
  const font = `12px ${cssVariable('--font') || 'sans-serif'}`;
  const axis: uPlot.Axis = {
    stroke: () => cssVariable('--text-3'),
    font,
    grid: { stroke: () => cssVariable('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => pad(setup.range()) },
      y: setup.logarithmic
        ? { distr: 3, range: (_, min, max) => (min > 0 && max > 0 ? uPlot.rangeLog(min, max, 10, false) : [0.1, 1]) }
        : { range: (_, min, max) => (Number.isFinite(min) && Number.isFinite(max) ? uPlot.rangeNum(min, max, 0.08, true) : [0, 1]) },
    },
    axes: [
      { ...axis, size: 28, gap: 6, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (_, splits) => splits.map(number) },
      { ...axis, size: 52, gap: 6, values: (_, splits) => splits.map(value => (value === null ? '' : number(value))) },
    ],
    series: [
      {},
      ...setup.lines.map((line): uPlot.Series => ({
        label: line.curve.label,
        show: !setup.hidden.has(line.curve.id),
        stroke: () => cssVariable(line.variable),
        alpha: line.faint ? 0.3 : 1,
        width: line.faint ? 1 : line.curve.discarded ? 1.5 : 1.75,
        pxAlign: 0,
        ...(line.curve.discarded ? { dash: [4, 3] } : line.curve.dashed ? { dash: [7, 4] } : {}),
        points: {
          size: 5,
          fill: () => cssVariable(line.variable),
          // `show` decides for all points by their density; otherwise only those that no line shows are drawn.
          filter: (plot, index, show) => {
            if (show) return null;
            const ys = plot.data[index]!;
            return isolated(ys, 0, ys.length - 1);
          },
        },
      })),
    ],
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => (setup.onZoom(null), null) },
      ...(setup.syncKey ? { sync: { key: setup.syncKey, setSeries: false, scales: ['x', null] as [string, null], filters: { pub: cursorOnly, sub: cursorOnly } } } : {}),
    },
    hooks: {
      draw: [plot => drawMarks(plot, setup.lines, setup.hidden)],
      setCursor: [plot => setup.onCursor(plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, 'x') : null)],
      setSelect: [
        plot => {
          const { left, width } = plot.select;
          if (width > 2) setup.onZoom({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

const cursorOnly = (type: string) => type === 'mousemove' || type === 'mouseleave';

function pad(range: Range | null): [number, number] {
  if (!range) return [0, 1];
  return range.min === range.max ? [range.min - 0.5, range.max + 0.5] : [range.min, range.max];
}
