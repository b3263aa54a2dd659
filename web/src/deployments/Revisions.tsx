import { Undo2 } from 'lucide-react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { Deployment, Revision } from '../api/schema';
import { ago } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { Card, Row } from '../parts/Page';
import { ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { deploymentWords } from './words';

/** A cold model is loaded meanwhile, and then the next try activates it. */
const untilLoaded = { retry: (_: number, error: unknown) => asProblem(error).code === 'MODEL_LOADING', retryDelay: 1000 };

/** The revisions of a deployment, newest first; each but the one that answers can be activated. */
export function Revisions({ deployment }: { deployment: Deployment }) {
  const words = useWords(deploymentWords);
  const may = useMay({ projectId: deployment.projectId })('deployments:write');
  const invalidate = useInvalidate();
  const path = { id: deployment.id };
  const list = api.useQuery('get', '/api/v1/deployments/{id}/revisions', { params: { path } });
  const changed = {
    ...untilLoaded, onError: () => undefined,
    onSuccess: (after: Deployment) => {
      notify(words.activated(after.revision));
      void invalidate('/api/v1/deployments', '/api/v1/deployments/{id}');
    },
  };
  const activate = api.useMutation('post', '/api/v1/deployments/{id}/revisions/{number}/activate', changed);
  const rollBack = api.useMutation('post', '/api/v1/deployments/{id}/roll-back', changed);
  const busy = activate.isPending || rollBack.isPending;
  const answers = (one: Revision): boolean => deployment.state === 'active' && one.number === deployment.revision;
  return (
    <Card
      flush
      title={words.revisions}
      actions={may && deployment.previousRevision !== null && <Button size="small" icon={<Undo2 />} disabled={busy} busy={rollBack.isPending} onClick={() => rollBack.mutate({ params: { path } })}>{words.rollBack}</Button>}
    >
      {list.isPending ? <Skeleton lines={3} />
        : list.isError ? <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        : (
          <Table
            label={words.revisions}
            rows={list.data.items}
            rowKey={(one) => String(one.number)}
            columns={[
              { key: 'number', title: words.revision, cell: (one) => one.number },
              { key: 'model', title: words.model, cell: (one) => `${one.model} ${one.modelVersion}` },
              { key: 'export', title: words.exported, secondary: true, cell: (one) => one.format },
              { key: 'created', title: words.created, secondary: true, cell: (one) => ago(one.createdAt) },
              {
                key: 'state', title: words.state, cell: (one) => (
                  <Row>
                    {answers(one) && <Badge tone="good">{words.answers}</Badge>}
                    {one.number === deployment.previousRevision && <Badge tone="neutral">{words.before}</Badge>}
                    {one.number === deployment.canary?.revision && <Badge tone="info">{words.canary(deployment.canary.percent)}</Badge>}
                    {one.number === deployment.shadowRevision && <Badge tone="info">{words.shadow}</Badge>}
                  </Row>
                ),
              },
              {
                key: 'activate', title: '', right: true, cell: (one) => may && !answers(one) && deployment.state !== 'pending' && deployment.state !== 'deploying' && (
                  <Button
                    size="small" disabled={busy} busy={activate.isPending && activate.variables.params.path.number === String(one.number)} aria-label={`${words.activate} ${one.number}`}
                    onClick={() => activate.mutate({ params: { path: { ...path, number: String(one.number) } } })}
                  >
                    {words.activate}
                  </Button>
                ),
              },
            ]}
          />
        )}
      {busy && (activate.failureCount > 0 || rollBack.failureCount > 0) && <p role="status">{words.loading}</p>}
      <ProblemNote error={activate.error ?? rollBack.error} />
    </Card>
  );
}
