import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Deployment, UsageCounts } from '../api/schema';
import { metric, number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { Card, Row } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import type { Change } from './ChangeDialog';
import styles from './Deployments.module.css';
import { rolloutWords } from './rolloutWords';
import { deploymentWords } from './words';

const EVERY = 3000;

/** The canary of a deployment beside the active revision, as it answers. */
export function Canary({ deployment, canary, onChange }: { deployment: Deployment; canary: NonNullable<Deployment['canary']>; onChange: (change: Change) => void }) {
  const words = useWords(rolloutWords);
  const { milliseconds } = useWords(deploymentWords);
  const may = useMay({ projectId: deployment.projectId })('deployments:write');
  // Of an hour there is one row for each revision.
  const usage = api.useQuery('get', '/api/v1/deployments/{id}/usage', { params: { path: { id: deployment.id }, query: { hours: 1 } } }, { refetchInterval: EVERY });
  const { revision } = canary;
  const counts = (of: number): UsageCounts | undefined => usage.data?.hours.filter((hour) => hour.revision === of).at(-1)?.counts;
  const rows = [{ of: deployment.revision, share: 100 - canary.percent }, { of: revision, share: canary.percent }].map((row) => ({ ...row, counts: counts(row.of) }));
  const all = rows.reduce((sum, row) => sum + (row.counts?.requestCount ?? 0), 0);
  const latency = (value: number | null | undefined): string => (value == null ? '–' : milliseconds(metric(value)));
  return (
    <Card
      flush
      title={words.canary}
      actions={may && (
        <Row>
          <Button size="small" onClick={() => onChange({ kind: 'canary', revision })}>{words.changeShare}</Button>
          <Button size="small" onClick={() => onChange({ kind: 'endCanary' })}>{words.endCanary}</Button>
          <Button size="small" look="primary" onClick={() => onChange({ kind: 'activate', revision })}>{words.named(revision)}</Button>
        </Row>
      )}
    >
      <p className={styles.told}>{words.canaryNow(revision, canary.percent)}</p>
      {usage.isPending ? <Skeleton lines={2} />
        : usage.isError ? <ErrorState error={usage.error} onRetry={() => void usage.refetch()} />
        : (
          <Table
            label={words.canary}
            rows={rows}
            rowKey={(row) => String(row.of)}
            columns={[
              { key: 'revision', title: words.revision, cell: (row) => <Row>{row.of}{row.of === revision ? <Badge tone="info">{words.canary}</Badge> : <Badge tone="good">{words.active}</Badge>}</Row> },
              { key: 'requests', title: words.thisHour, right: true, cell: (row) => number(row.counts?.requestCount ?? 0) },
              { key: 'part', title: words.part, right: true, cell: (row) => (all === 0 ? '–' : percent((row.counts?.requestCount ?? 0) / all)) },
              { key: 'failures', title: words.failures, right: true, cell: (row) => number(row.counts?.failedRequests ?? 0) },
              { key: 'half', title: words.half, right: true, secondary: true, cell: (row) => latency(row.counts?.p50Ms) },
              { key: 'most', title: words.most, right: true, cell: (row) => latency(row.counts?.p95Ms) },
            ]}
          />
        )}
    </Card>
  );
}
