import { useMemo } from 'react';
import { decimate, withGaps } from './curves';
import { number } from './numbers';

/** A curve the size of a word. The table or card that it stands in tells the values; `label` names it for readers who do not see it. */
export function Sparkline({ values, label, width = 96, height = 24, colour = 1 }: { values: readonly (number | null)[]; label: string; width?: number; height?: number; colour?: number }) {
  const { path, end } = useMemo(() => {
    const all = withGaps({ xs: values.map((_, i) => i), ys: [...values] });
    const { xs, ys } = decimate(all, 0, Math.max(1, values.length - 1), width);
    const finite = ys.filter((y): y is number => y !== null && Number.isFinite(y));
    const [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
    const x = (i: number) => 2 + (i / Math.max(1, values.length - 1)) * (width - 4);
    const y = (v: number) => (high === low ? height / 2 : 2 + (1 - (v - low) / (high - low)) * (height - 4));
    let [path, drawing, end] = ['', false, null as [number, number] | null];
    xs.forEach((at, i) => {
      const value = ys[i];
      if (value === null || value === undefined || !Number.isFinite(value)) drawing = false;
      else {
        path += `${drawing ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        drawing = true;
        end = [x(at), y(value)];
      }
    });
    return { path, end };
  }, [values, width, height]);
  const last = values.findLast(value => value !== null);
  return (
    <svg role="img" aria-label={last === null || last === undefined ? label : `${label}: ${number(last)}`} width={width} height={height} style={{ display: 'block', color: `var(--series-${colour})` }}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" />
      {end && <circle cx={end[0]} cy={end[1]} r="2" fill="currentColor" />}
    </svg>
  );
}
