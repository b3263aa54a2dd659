import { useQueryClient } from '@tanstack/react-query';
import { Download, PackageOpen, Rocket } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import { useMay } from '../api/permissions';
import type { Export, ExportState, ModelVersion } from '../api/schema';
import { bytes, dateTime, metric, percent } from '../app/format';
import { useWords } from '../app/words';
import { NewDeployment } from '../deployments/NewDeployment';
import { Badge, StatusIndicator, type Tone } from '../parts/Badge';
import { Button } from '../parts/Button';
import { Card, Facts, Row, Stack } from '../parts/Page';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notifyProblem } from '../parts/Toast';
import styles from './Exports.module.css';
import { NewExport } from './NewExport';
import { exportWords } from './words';

const tones: Record<ExportState, Tone> = { pending: 'neutral', running: 'info', completed: 'good', failed: 'bad', cancelled: 'neutral' };
const underWay = (state: ExportState): boolean => state === 'pending' || state === 'running';

/** The exports of a model version with their certificates; asked again until none is under way. */
export function ExportList({ projectId, version }: { projectId: string; version: ModelVersion }) {
  const words = useWords(exportWords);
  const may = useMay({ projectId });
  const [creating, setCreating] = useState(false);
  const list = api.useQuery('get', '/api/v1/exports', { params: { query: { modelVersionId: version.id, limit: 100 } } }, {
    refetchInterval: (query) => (query.state.data?.items.some((one) => underWay(one.state)) ? 2000 : false),
    enabled: may('exports:read'),
  });
  const create = may('exports:run') && <Button size="small" onClick={() => setCreating(true)}>{words.newExport}</Button>;
  return (
    <Card title={words.exports} actions={create}>
      {list.isPending ? <Skeleton lines={3} />
        : list.isError ? <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        : list.data.items.length === 0 ? <Empty icon={<PackageOpen />} title={words.none} action={create}>{words.noneText}</Empty>
        : <ul className={styles.list}>{list.data.items.map((one) => <li key={one.id}><ExportCard projectId={projectId} item={one} /></li>)}</ul>}
      {creating && <NewExport version={version} onClose={() => setCreating(false)} />}
    </Card>
  );
}

function ExportCard({ projectId, item }: { projectId: string; item: Export }) {
  const words = useWords(exportWords);
  const may = useMay({ projectId });
  const queries = useQueryClient();
  const [deploying, setDeploying] = useState(false);
  const download = async (): Promise<void> => {
    try {
      const { data } = await client.GET('/api/v1/exports/{id}/download', { params: { path: { id: item.id } } });
      if (data) window.location.assign(data.url);
    } catch (error) {
      notifyProblem(error);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports'] });
    }
  };
  const { validation } = item;
  return (
    <article className={styles.export}>
      <Stack gap={3}>
        <Row between>
          <Row>
            <h3 className={styles.format}>{item.format}</h3>
            <StatusIndicator tone={tones[item.state]} live={item.state === 'running'}>{words.states[item.state]}</StatusIndicator>
            {validation && <Badge tone={validation.passed ? 'good' : 'bad'}>{validation.passed ? words.passed : words.notPassed}</Badge>}
          </Row>
          {item.state === 'completed' && (
            <Row>
              <Button size="small" icon={<Download />} onClick={() => void download()}>{words.download}{item.size === null ? '' : ` (${bytes(item.size)})`}</Button>
              {may('deployments:write') && <Button size="small" icon={<Rocket />} onClick={() => setDeploying(true)}>{words.deploy}</Button>}
            </Row>
          )}
        </Row>
        {validation && (
          <Facts
            items={[
              [words.agreement, percent(validation.top1Agreement)],
              [words.difference, words.differenceOf(metric(validation.maxAbsDiff), metric(validation.tolerance))],
              [words.accuracy, percent(validation.accuracy)],
              [words.reference, percent(validation.referenceAccuracy)],
              [words.samples, validation.samples],
              [words.created, dateTime(item.createdAt)],
            ]}
          />
        )}
        {item.error && <ProblemNote error={new Error([item.error.message, item.error.suggestedAction].filter(Boolean).join(' '))} />}
      </Stack>
      {deploying && <NewDeployment projectId={projectId} exportId={item.id} onClose={() => setDeploying(false)} />}
    </article>
  );
}
