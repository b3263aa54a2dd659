import { api } from '../api/client';
import { metric, number } from '../app/format';
import { useWords } from '../app/words';
import { BarList } from '../parts/charts';
import { Card, Facts, Stack } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import styles from './Deployments.module.css';
import { deploymentWords } from './words';

const EVERY = 10_000;
const sides = ['64', '128', '256', '512', '1024', '2048', '4096', '8192'];

/** Requests and latency of the last day, and what the images were like. */
export function Usage({ deploymentId }: { deploymentId: string }) {
  const words = useWords(deploymentWords);
  const usage = api.useQuery('get', '/api/v1/deployments/{id}/usage', { params: { path: { id: deploymentId } } }, { refetchInterval: EVERY });
  if (usage.isError) return <Card title={words.usage}><ErrorState error={usage.error} onRetry={() => void usage.refetch()} /></Card>;
  if (usage.isPending) return <Card title={words.usage}><Skeleton lines={4} /></Card>;
  const { total } = usage.data;
  const latency = (value: number | null): string => (value === null ? '–' : words.milliseconds(metric(value)));
  const histograms: [string, number[], (step: number) => string][] = [
    [words.longerSide, total.sizes, (step) => (step < sides.length ? `≤ ${sides[step]}` : words.more)],
    [words.brightness, total.brightness, (step) => `${step * 16}–${step * 16 + 15}`],
    [words.confidence, total.confidence, (step) => `${step * 5}–${step * 5 + 5} %`],
  ];
  return (
    <Card title={words.usage}>
      <Stack gap={5}>
        <Facts
          items={[
            [words.requests, number(total.requestCount)], [words.failures, number(total.failedRequests)], [words.images, number(total.imageCount)], [words.refused, number(total.refusedImages)],
            [words.percentile(50), latency(total.p50Ms)], [words.percentile(95), latency(total.p95Ms)], [words.percentile(99), latency(total.p99Ms)],
          ]}
        />
        {total.imageCount > 0 && (
          <div className={styles.histograms}>
            {histograms.map(([title, counts, name]) => {
              const bars = counts.map((count, step) => ({ id: String(step), label: name(step), values: [count] })).filter((bar) => (bar.values[0] ?? 0) > 0);
              return bars.length > 0 && <Stack key={title} gap={2}><h3 className={styles.histogram}>{title}</h3><BarList label={title} bars={bars} /></Stack>;
            })}
          </div>
        )}
      </Stack>
    </Card>
  );
}
