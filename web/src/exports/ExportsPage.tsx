import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api } from '../api/client';
import { useWords } from '../app/words';
import { modelWords } from '../models/words';
import { SelectField } from '../parts/Field';
import { Page, Row } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { ExportList } from './ExportList';
import { exportWords } from './words';

/** Exports of one version of one model of the project; both are in the address. */
export function ExportsPage() {
  const words = useWords(exportWords);
  const model = useWords(modelWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId/exports' });
  const chosen = useSearch({ from: '/members/projects/$projectId/exports' });
  const navigate = useNavigate({ from: '/projects/$projectId/exports' });
  const models = api.useQuery('get', '/api/v1/models', { params: { query: { projectId, limit: 200 } } });
  const modelId = models.data?.items.find((one) => one.id === chosen.model)?.id ?? models.data?.items[0]?.id;
  const versions = api.useQuery('get', '/api/v1/models/{id}/versions', { params: { path: { id: modelId ?? '' }, query: { limit: 200 } } }, { enabled: modelId !== undefined });
  if (models.isError) return <ErrorState error={models.error} onRetry={() => void models.refetch()} />;
  if (versions.isError) return <ErrorState error={versions.error} onRetry={() => void versions.refetch()} />;
  if (models.data?.items.length === 0) return <Page title={words.exports}><Empty title={words.noModels}>{model.noneText}</Empty></Page>;
  const version = versions.data?.items.find((one) => one.number === chosen.version) ?? versions.data?.items[0];
  return (
    <Page title={words.exports}>
      {models.data === undefined || versions.data === undefined || version === undefined ? <Skeleton lines={5} height={32} /> : (
        <>
          <Row>
            <SelectField label={words.chooseModel} value={modelId ?? ''} onChange={(id) => void navigate({ search: { model: id }, replace: true })} options={models.data.items.map((one) => ({ value: one.id, label: one.name }))} />
            <SelectField label={model.chooseVersion} value={String(version.number)} onChange={(number) => void navigate({ search: { model: modelId, version: Number(number) }, replace: true })} options={versions.data.items.map((one) => ({ value: String(one.number), label: model.version(one.number) }))} />
          </Row>
          <ExportList key={version.id} projectId={projectId} version={version} />
        </>
      )}
    </Page>
  );
}
