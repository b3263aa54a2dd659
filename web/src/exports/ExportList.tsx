import { useQueryClient } from '@tanstack/react-query';
import { Download, Layers, Package, PackageOpen, Rocket } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import { useMay } from '../api/permissions';
import type { Export, ExportCertificate, ExportState, ModelVersion } from '../api/schema';
import { bytes, dateTime, metric, percent } from '../app/format';
import { useWords } from '../app/words';
import { AddRevision } from '../deployments/AddRevision';
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
  const [adding, setAdding] = useState(false);
  const download = async (what: 'download' | 'package'): Promise<void> => {
    try {
      const { data } = await client.GET(`/api/v1/exports/{id}/${what}`, { params: { path: { id: item.id } } });
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
              <Button size="small" icon={<Download />} onClick={() => void download('download')}>{words.download}{item.size === null ? '' : ` (${bytes(item.size)})`}</Button>
              {item.packageSize !== null && <Button size="small" icon={<Package />} onClick={() => void download('package')}>{words.package} ({bytes(item.packageSize)})</Button>}
              {may('deployments:write') && <Button size="small" icon={<Rocket />} onClick={() => setDeploying(true)}>{words.deploy}</Button>}
              {may('deployments:write') && <Button size="small" icon={<Layers />} onClick={() => setAdding(true)}>{words.addTo}</Button>}
            </Row>
          )}
        </Row>
        {item.certificate ? <Certificate certificate={item.certificate} /> : validation && (
          <Facts
            items={[
              validation.top1Agreement === null ? null : [words.agreement, percent(validation.top1Agreement)],
              [words.difference, words.differenceOf(metric(validation.maxAbsDiff), metric(validation.tolerance))],
              validation.accuracy === null ? null : [words.accuracy, percent(validation.accuracy)],
              [words.samples, validation.samples],
              [words.created, dateTime(item.createdAt)],
            ]}
          />
        )}
        {item.error && <ProblemNote error={new Error([item.error.message, item.error.suggestedAction].filter(Boolean).join(' '))} />}
      </Stack>
      {deploying && <NewDeployment projectId={projectId} exportId={item.id} onClose={() => setDeploying(false)} />}
      {adding && <AddRevision projectId={projectId} exportId={item.id} onClose={() => setAdding(false)} />}
    </article>
  );
}

/** What was measured of the file on held-out images, and what was not. */
function Certificate({ certificate }: { certificate: ExportCertificate }) {
  const words = useWords(exportWords);
  return (
    <Stack gap={2}>
      <Facts
        items={[
          [words.metricOf(certificate.metric), words.arrow(metric(certificate.before), metric(certificate.after))],
          [words.agreement, percent(certificate.agreement)],
          [words.difference, metric(certificate.maxAbsDiff)],
          [words.batches, certificate.batches.map((batch) => words.batchOf(batch.size, metric(batch.maxAbsDiff))).join(', ')],
          [words.samples, `${certificate.samples} (${certificate.split})`],
          [words.precision, certificate.precision.toUpperCase()],
          [words.engine, certificate.engine],
          [words.decoder, certificate.decoders.second],
        ]}
      />
      {certificate.notMeasured.length > 0 && <p className={styles.missing}>{words.notMeasured}: {certificate.notMeasured.join(' ')}</p>}
    </Stack>
  );
}
