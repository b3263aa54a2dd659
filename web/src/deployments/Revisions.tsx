import { Copy, Split, Undo2 } from 'lucide-react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Deployment, Revision } from '../api/schema';
import { ago } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { Menu } from '../parts/Menu';
import { Card, Row } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import type { Change } from './ChangeDialog';
import styles from './Deployments.module.css';
import { rolloutWords } from './rolloutWords';
import { deploymentWords } from './words';

/** The revisions of a deployment, newest first; each but the one that answers can be activated, or tried first. */
export function Revisions({ deployment, onChange }: { deployment: Deployment; onChange: (change: Change) => void }) {
  const words = useWords(deploymentWords);
  const rollout = useWords(rolloutWords);
  const may = useMay({ projectId: deployment.projectId })('deployments:write');
  const list = api.useQuery('get', '/api/v1/deployments/{id}/revisions', { params: { path: { id: deployment.id } } });
  const answers = (one: Revision): boolean => deployment.state === 'active' && one.number === deployment.revision;
  const mayChange = (one: Revision): boolean => may && !answers(one) && deployment.state !== 'pending' && deployment.state !== 'deploying';
  const previous = deployment.previousRevision;
  const inactive = deployment.state === 'active' ? undefined : rollout.notActive;
  return (
    <Card
      flush
      title={words.revisions}
      actions={may && previous !== null && <Button size="small" icon={<Undo2 />} onClick={() => onChange({ kind: 'rollBack', revision: previous })}>{rollout.rollBack}</Button>}
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
                    {one.number === previous && <Badge tone="neutral">{words.before}</Badge>}
                    {one.number === deployment.canary?.revision && <Badge tone="info">{words.canary(deployment.canary.percent)}</Badge>}
                    {one.number === deployment.shadowRevision && <Badge tone="info">{words.shadow}</Badge>}
                  </Row>
                ),
              },
              {
                key: 'change', title: '', right: true, cell: (one) => mayChange(one) && (
                  <span className={styles.changes}>
                    <Button size="small" aria-label={rollout.named(one.number)} onClick={() => onChange({ kind: 'activate', revision: one.number })}>{rollout.activate}</Button>
                    <Menu
                      label={rollout.menu(one.number)}
                      items={[
                        { label: rollout.startCanary, icon: <Split />, disabledBecause: inactive ?? (one.number === deployment.canary?.revision ? rollout.isCanary : undefined), onSelect: () => onChange({ kind: 'canary', revision: one.number }) },
                        { label: rollout.startShadow, icon: <Copy />, disabledBecause: inactive ?? (one.number === deployment.shadowRevision ? rollout.isShadow : undefined), onSelect: () => onChange({ kind: 'shadow', revision: one.number }) },
                      ]}
                    />
                  </span>
                ),
              },
            ]}
          />
        )}
      {may && list.data?.items.length === 1 && (
        <div className={styles.hint}>
          <p>{rollout.toTry}</p>
          <ButtonLink size="small" to="/projects/$projectId/exports" params={{ projectId: deployment.projectId }}>{rollout.toExports}</ButtonLink>
        </div>
      )}
    </Card>
  );
}
