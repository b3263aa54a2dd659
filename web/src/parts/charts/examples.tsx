import { useMemo, useState, type ReactNode } from 'react';
import { attemptsAsCurve, type Curve, type EpochRow } from './curves';
import { BarList, Histogram } from './Bars';
import { ConfusionMatrix } from './ConfusionMatrix';
import { CurveChart } from './CurveChart';
import { ParallelCoordinates } from './ParallelCoordinates';
import type { Run } from './parallel';
import { PrecisionRecall, recallCurves } from './PrecisionRecall';
import { SmoothingControl } from './SmoothingControl';
import { Sparkline } from './Sparkline';

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function epochs(attempt: number, from: number, to: number, seed: number): EpochRow[] {
  const next = random(seed);
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const epoch = from + i;
    const progress = 1 - Math.exp(-epoch / 14);
    return {
      attempt, epoch,
      metrics: {
        loss: 2.2 * Math.exp(-epoch / 12) + 0.08 + (next() - 0.5) * 0.06,
        val_loss: epoch === 27 ? 'NaN' : 2.3 * Math.exp(-epoch / 13) + 0.14 + (next() - 0.5) * 0.16,
        accuracy: Math.min(0.995, 0.2 + 0.78 * progress + (next() - 0.5) * 0.02),
        ...(epoch === 18 || epoch === 19 ? {} : { val_accuracy: Math.min(0.99, 0.18 + 0.74 * progress + (next() - 0.5) * 0.05) }),
      },
    };
  });
}

const rows = [...epochs(1, 1, 31, 7), ...epochs(2, 25, 60, 99)];

function curvesOf(metrics: readonly string[]): Curve[] {
  return metrics.flatMap((metric, i) => {
    const { kept, discarded } = attemptsAsCurve(rows, metric);
    return [
      { id: metric, label: metric, colour: i + 1, ...kept },
      ...discarded.map(tail => ({ id: `${metric}-${tail.attempt}`, label: `${metric}, attempt ${tail.attempt}`, discarded: true, ...tail })),
    ];
  });
}

function JobCharts() {
  const [smoothing, setSmoothing] = useState(0.4);
  const [loss, accuracy] = useMemo(() => [curvesOf(['loss', 'val_loss']), curvesOf(['accuracy', 'val_accuracy'])], []);
  return (
    <>
      <SmoothingControl value={smoothing} onChange={setSmoothing} />
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(320px, 1fr))', gap: 24 }}>
        <CurveChart title="loss" curves={loss} syncKey="job" smoothing={smoothing} />
        <CurveChart title="accuracy" curves={accuracy} syncKey="job" smoothing={smoothing} />
      </div>
    </>
  );
}

/** Eight runs of 25,000 steps: 200,000 points. */
export function manyPoints(): Curve[] {
  return Array.from({ length: 8 }, (_, run) => {
    const next = random(run + 1);
    const xs = Array.from({ length: 25_000 }, (_, i) => i);
    return { id: `run-${run}`, label: `run ${run + 1}`, xs, ys: xs.map(x => (2 + run * 0.2) * Math.exp(-x / (5000 + run * 900)) + 0.1 + next() * 0.25 + (x === 14_000 + run * 7 ? 1.5 : 0)) };
  });
}

function ManyPoints() {
  const curves = useMemo(manyPoints, []);
  return <CurveChart title="loss of 8 runs, 200,000 points" xLabel="Step" curves={curves} height={280} />;
}

const names = ['scratch', 'dent', 'crack', 'stain', 'missing screw', 'misaligned label', 'no defect'];

function matrixOf(size: number): number[][] {
  const next = random(size);
  return Array.from({ length: size }, (_, r) => Array.from({ length: size }, (_, c) => (r === c ? 40 + Math.floor(next() * 160) : Math.max(0, Math.floor(next() * 30 - (Math.abs(r - c) < 3 ? 10 : 25))))));
}

const recall = recallCurves(names.map((name, i) => ({ class: name, precision: Array.from({ length: 21 }, (_, p) => Math.max(0, 1 - (p / 20) ** (1.5 + i * 0.9) * (0.95 - i * 0.08))) })));

function sweepRuns(howMany: number): Run[] {
  const next = random(4);
  return Array.from({ length: howMany }, (_, i) => {
    const [lr, wd, size] = [10 ** (-5 + next() * 4), next() * 0.1, [224, 320, 448, 640][Math.floor(next() * 4)]!];
    const accuracy = 0.92 - Math.abs(Math.log10(lr) + 3) * 0.13 - Math.abs(wd - 0.03) + size / 9000 + next() * 0.04;
    return { id: `${i}`, label: `trial ${i + 1}`, values: { lr, wd, optimizer: ['adamw', 'sgd', 'rmsprop'][Math.floor(next() * 3)]!, size: `${size}`, epochs: next() < 0.1 ? null : Math.ceil(next() * 50), accuracy } };
  });
}

function Sweep() {
  const runs = useMemo(() => sweepRuns(200), []);
  const axes = useMemo(() => [
    { id: 'lr', label: 'learning rate' }, { id: 'wd', label: 'weight decay' }, { id: 'optimizer', label: 'optimizer' }, { id: 'size', label: 'image size' }, { id: 'epochs', label: 'epochs' }, { id: 'accuracy', label: 'accuracy' },
  ], []);
  const best = runs.reduce((a, b) => ((a.values.accuracy as number) > (b.values.accuracy as number) ? a : b)).id;
  return <ParallelCoordinates title="Trials of a sweep" axes={axes} runs={runs} colourBy="accuracy" best={best} />;
}

/** What the gallery shows of the charts. */
export const chartExamples: { name: string; render: () => ReactNode }[] = [
  { name: 'Curves of a job with a discarded tail, a gap and a NaN', render: () => <JobCharts /> },
  { name: 'A log scale with an infinite value', render: () => <CurveChart title="gradient norm" logarithmic curves={[{ id: 'g', label: 'grad_norm', xs: [1, 2, 3, 4, 5, 6, 7, 8], ys: [0.01, 0.4, 12, 90, Infinity, 4000, 300, 0] }]} /> },
  { name: 'One epoch, and none', render: () => <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 24 }}><CurveChart title="mAP50" curves={[{ id: 'm', label: 'mAP50', xs: [1], ys: [0.31] }]} height={140} /><CurveChart title="mAP50-95" curves={[]} height={140} /></div> },
  { name: '200,000 points', render: () => <ManyPoints /> },
  { name: 'Confusion matrix', render: () => <ConfusionMatrix classes={names} matrix={matrixOf(7)} /> },
  { name: 'Confusion matrix of a hundred classes', render: () => <ConfusionMatrix classes={Array.from({ length: 100 }, (_, i) => `class ${i + 1}`)} matrix={matrixOf(101)} /> },
  { name: 'Precision and recall', render: () => <PrecisionRecall title="Precision and recall" curves={recall} /> },
  { name: 'Histogram', render: () => <Histogram title="Image width" unit=" px" values={(() => { const next = random(9); return Array.from({ length: 3000 }, () => 320 + (next() + next() + next()) * 600); })()} /> },
  { name: 'Bars', render: () => <BarList label="Images of each class" parts={['train', 'val', 'test']} bars={names.map((label, i) => ({ id: label, label, values: [820 - i * 96, 110 - i * 11, 96 - i * 13] }))} /> },
  { name: 'Sparklines', render: () => <div style={{ display: 'flex', gap: 24 }}>{[1, 2, 3].map(i => <Sparkline key={i} label="loss" colour={i} values={epochs(1, 1, 40, i).map(row => row.metrics.loss as number)} />)}</div> },
  { name: 'Parallel coordinates', render: () => <Sweep /> },
];
