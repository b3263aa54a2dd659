import type { TrainingCurves, TrainingJob } from '../api/schema';
import { metricGroups } from '../parts/charts/curves';
import { isResource, type MetricGroup } from './jobCurves';
import { valueText } from './fields';

export type Compared = { job: TrainingJob; curves: TrainingCurves | undefined };

/** A setting of several jobs: its value in each, as text; null where the job has the default. */
export type SettingRow = { name: string; values: (string | null)[]; differs: boolean };

/** The settings of jobs side by side. Values that are not in a configuration are null, which is not the same as a value that equals the default. */
export function settingRows(configs: readonly Readonly<Record<string, unknown>>[], defaults: (job: number, name: string) => unknown): SettingRow[] {
  const names = [...new Set(configs.flatMap((config) => Object.keys(config)))].sort();
  return names.map((name) => {
    const used = configs.map((config, index) => JSON.stringify(config[name] ?? defaults(index, name) ?? null));
    return { name, values: configs.map((config) => (config[name] === undefined ? null : valueText(config[name]))), differs: new Set(used).size > 1 };
  });
}

/** Whether less of a metric is better: losses and errors. */
export const lowerIsBetter = (name: string): boolean => /(^|_)(loss|error|mae|mse|rmse)(_|$)/i.test(name);

/** Whether one value of a metric is better than another at all; a learning rate or a time is not. */
export const isQuality = (name: string): boolean => !isResource(name) && !/learning_?rate|^lr$|seconds?$/i.test(name);

/** A metric of several jobs, each at its best epoch, and which of them have the best value; none when all are equal or the metric has no better. */
export type MetricComparison = { name: string; values: (number | null)[]; best: number[] };

export function metricComparisons(jobs: readonly TrainingJob[]): MetricComparison[] {
  const names = [...new Set(jobs.flatMap((job) => Object.keys(job.bestMetrics ?? {})))].sort();
  const primary = new Set(jobs.map((job) => job.primaryMetric));
  names.sort((a, b) => Number(primary.has(b)) - Number(primary.has(a)));
  return names.map((name) => {
    const values = jobs.map((job) => job.bestMetrics?.[name] ?? null);
    const known = values.filter((value) => value !== null);
    const best = known.reduce<number | null>((found, value) => (found === null || (lowerIsBetter(name) ? value < found : value > found) ? value : found), null);
    const winners = values.flatMap((value, index) => (value !== null && value === best ? [index] : []));
    return { name, values, best: isQuality(name) && known.length > 1 && winners.length < known.length ? winners : [] };
  });
}

/** One chart for each metric that a job has; of the loss that of the validation images, by which jobs are compared, comes first. */
export function comparedCharts(compared: readonly Compared[]): MetricGroup[] {
  const names = [...new Set(compared.flatMap(({ curves }) => curves?.names ?? []))].filter((name) => !isResource(name)).sort();
  const primary = new Set(compared.map(({ job }) => job.primaryMetric));
  const rank = (name: string): number => (primary.has(name) ? 0 : name === 'val_loss' ? 1 : name === 'loss' ? 2 : 3);
  return metricGroups(names).flatMap(({ metrics }) => metrics).map((name) => ({ name, metrics: [name] })).sort((a, b) => rank(a.name) - rank(b.name));
}
