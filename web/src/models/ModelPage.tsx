import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Download, ScanSearch } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { ModelVersion } from '../api/schema';
import { bytes, dateTime, metric } from '../app/format';
import { useWords } from '../app/words';
import { ExportList } from '../exports/ExportList';
import { Badge } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { SelectField } from '../parts/Field';
import { Card, Facts, Page, Row, Stack } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { modelWords, taskWords } from './words';

const ConfusionMatrix = lazy(() => import('../parts/charts/ConfusionMatrix').then((module) => ({ default: module.ConfusionMatrix })));

/** A model: one of its versions (the newest, or `?version=`), how good it is, where it comes from and what was exported of it. */
export function ModelPage() {
  const words = useWords(modelWords);
  const tasks = useWords(taskWords);
  const { projectId, modelId } = useParams({ from: '/members/projects/$projectId/models/$modelId' });
  const { version: chosen } = useSearch({ from: '/members/projects/$projectId/models/$modelId' });
  const navigate = useNavigate({ from: '/projects/$projectId/models/$modelId' });
  const model = api.useQuery('get', '/api/v1/models/{id}', { params: { path: { id: modelId } } });
  const versions = api.useQuery('get', '/api/v1/models/{id}/versions', { params: { path: { id: modelId }, query: { limit: 200 } } });
  if (model.isError) return <ErrorState error={model.error} onRetry={() => void model.refetch()} />;
  if (versions.isError) return <ErrorState error={versions.error} onRetry={() => void versions.refetch()} />;
  if (model.data === undefined || versions.data === undefined) return <Page title={words.models}><Skeleton lines={8} /></Page>;
  const all = versions.data.items;
  const version = all.find((one) => one.number === chosen) ?? all[0];
  return (
    <Page
      title={model.data.name}
      badges={<Badge>{tasks[model.data.taskType]}</Badge>}
      actions={version !== undefined && (
        <SelectField
          label={words.chooseVersion}
          hideLabel
          value={String(version.number)}
          onChange={(number) => void navigate({ search: { version: Number(number) }, replace: true })}
          options={all.map((one) => ({ value: String(one.number), label: words.version(one.number) }))}
        />
      )}
    >
      {version !== undefined && <VersionView key={version.id} projectId={projectId} version={version} />}
    </Page>
  );
}

function VersionView({ projectId, version: listed }: { projectId: string; version: ModelVersion }) {
  const words = useWords(modelWords);
  // The list has no address of the checkpoint; the version itself has one that works for some minutes.
  const full = api.useQuery('get', '/api/v1/models/{id}/versions/{versionId}', { params: { path: { id: listed.modelId, versionId: listed.id } } });
  const version = full.data ?? listed;
  const mayRun = useMay({ projectId })('training:run');
  const metrics = Object.entries(version.metrics).sort(([a], [b]) => Number(b === version.primaryMetric) - Number(a === version.primaryMetric) || a.localeCompare(b));
  const download = async (): Promise<void> => {
    const { data } = await full.refetch();
    if (data?.checkpoint?.url) window.location.assign(data.checkpoint.url);
  };
  return (
    <Stack gap={5}>
      <Card title={words.lineage}>
        <Stack>
          <Facts
            items={[
              [words.framework, version.framework],
              [words.architecture, version.architecture],
              [words.checkpoint, version.checkpoint ? words.checkpointOf(version.checkpoint.epoch, bytes(version.checkpoint.size)) : '–'],
              [words.created, dateTime(version.createdAt)],
              [words.classes, version.classes.join(', ')],
            ]}
          />
          <Row>
            <ButtonLink size="small" to="/projects/$projectId/jobs/$jobId" params={{ projectId, jobId: version.jobId }}>{words.job}</ButtonLink>
            {mayRun && <ButtonLink size="small" icon={<ScanSearch />} to="/projects/$projectId/predictions" params={{ projectId }} search={{ new: true, model: version.id }}>{words.predict}</ButtonLink>}
            {version.checkpoint && <Button size="small" icon={<Download />} onClick={() => void download()}>{words.checkpoint}</Button>}
          </Row>
        </Stack>
      </Card>
      <Card title={words.metrics} flush>
        <Table
          label={words.metrics}
          rows={metrics}
          rowKey={([name]) => name}
          columns={[
            { key: 'name', title: words.metric, cell: ([name]) => <>{name} {name === version.primaryMetric && <Badge tone="accent">{words.primary}</Badge>}</> },
            { key: 'value', title: words.value, right: true, cell: ([, value]) => metric(value as number | string | null) },
          ]}
        />
      </Card>
      {version.perClass != null && version.perClass.length > 0 && (
        <Card title={words.perClass} flush>
          <Table
            label={words.perClass}
            rows={version.perClass}
            rowKey={(row) => row.class}
            columns={[
              { key: 'class', title: words.className, cell: (row) => row.class },
              { key: 'precision', title: words.precision, right: true, cell: (row) => metric(row.precision) },
              { key: 'recall', title: words.recall, right: true, cell: (row) => metric(row.recall) },
              { key: 'f1', title: words.f1, right: true, cell: (row) => metric(row.f1) },
              { key: 'support', title: words.support, right: true, cell: (row) => row.support },
            ]}
          />
        </Card>
      )}
      {version.confusionMatrix != null && version.confusionMatrix.length > 0 && (
        <Card title={words.confusion}>
          <Suspense fallback={<Skeleton lines={8} height={24} />}><ConfusionMatrix classes={version.classes} matrix={version.confusionMatrix} /></Suspense>
        </Card>
      )}
      <ExportList projectId={projectId} version={version} />
    </Stack>
  );
}
