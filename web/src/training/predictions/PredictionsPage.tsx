import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Plus, ScanSearch } from 'lucide-react';
import { useMay } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import type { BatchPrediction } from '../../api/schema';
import { ago, bytes, dateTime, number } from '../../app/format';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { SelectField, TextField } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { Empty, ErrorState } from '../../parts/States';
import { DataTable, type Column } from '../../parts/virtual/DataTable';
import { useVersions, versionName } from '../data';
import styles from '../Training.module.css';
import { NewPrediction } from './NewPrediction';
import { useModelName, useModelVersions, usePredictions } from './predictionData';
import { matchesPrediction, predictionStates } from './predictions';
import { PredictionState } from './PredictionState';
import type { PredictionsSearch } from './search';
import { predictionWords } from './words';

/** The predictions of a project, newest first, and the dialog for a new one. Filters are in the URL. */
export function PredictionsPage() {
  const words = useWords(predictionWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const search = useSearch({ from: '/members/projects/$projectId/predictions' });
  const navigate = useNavigate({ from: '/projects/$projectId/predictions' });
  const may = useMay({ projectId })('training:run');
  const { predictions, pages } = usePredictions(projectId);
  const versions = useVersions(projectId);
  const models = useModelVersions(projectId);
  const datasetOf = (one: BatchPrediction): string => versionName(versions.byId.get(one.datasetVersionId));
  const modelOf = useModelName(projectId);
  const shown = (predictions ?? []).filter((one) => matchesPrediction(one, search, [datasetOf(one), modelOf(one)]));
  const set = (change: PredictionsSearch): void => void navigate({ search: (before: PredictionsSearch) => ({ ...before, ...change }), replace: true });
  const create = may && <Button look="primary" icon={<Plus />} onClick={() => set({ new: true })}>{words.newPrediction}</Button>;
  const filtered = search.state !== undefined || search.text !== undefined;
  const columns: Column<BatchPrediction>[] = [
    {
      id: 'dataset', header: words.dataset, width: 200, grow: true, fixed: true,
      cell: (one) => <span className={styles.nameCell}><Link to="/projects/$projectId/predictions/$predictionId" params={{ projectId, predictionId: one.id }}>{datasetOf(one) || words.gone}</Link></span>,
    },
    { id: 'model', header: words.model, width: 260, cell: (one) => <span className={styles.nameCell}><span>{modelOf(one)}</span><small>{one.framework} / {one.model}</small></span> },
    { id: 'state', header: words.state, width: 140, cell: (one) => <PredictionState state={one.state} /> },
    { id: 'images', header: words.images, width: 110, align: 'end', cell: (one) => <span className={styles.number}>{one.images === null ? '–' : number(one.images)}</span> },
    { id: 'size', header: words.size, width: 110, align: 'end', cell: (one) => <span className={styles.number}>{one.size === null ? '–' : bytes(one.size)}</span> },
    { id: 'created', header: words.created, width: 130, align: 'end', cell: (one) => <time dateTime={one.createdAt} title={dateTime(one.createdAt)}>{ago(one.createdAt)}</time> },
  ];
  return (
    <Page title={words.predictions} wide actions={create}>
      <div className={styles.filters}>
        <div className={styles.search}><TextField label={words.search} hideLabel type="search" placeholder={words.search} value={search.text ?? ''} onChange={(event) => set({ text: event.target.value || undefined })} /></div>
        <SelectField
          label={words.state} hideLabel value={search.state ?? ''} onChange={(state) => set({ state: (state || undefined) as PredictionsSearch['state'] })}
          options={[{ value: '', label: words.allStates }, ...predictionStates.map((state) => ({ value: state, label: words.states[state] }))]}
        />
        <div className={styles.end}><span role="status">{predictions === undefined ? '' : words.shown(number(shown.length), number(predictions.length))}</span></div>
      </div>
      <DataTable
        label={words.predictions} rows={shown} columns={columns} rowKey={(one) => one.id} rowHeight={52} loading={predictions === undefined && !pages.isError}
        error={pages.isError && predictions === undefined ? <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} /> : null}
        empty={filtered
          ? <Empty title={words.noneFound} action={<Button onClick={() => set({ state: undefined, text: undefined })}>{words.clearFilters}</Button>} />
          : <Empty icon={<ScanSearch />} title={words.none} action={create}>{words.noneText}</Empty>}
        onOpen={(one) => void navigate({ to: '/projects/$projectId/predictions/$predictionId', params: { projectId, predictionId: one.id } })}
      />
      {search.new === true && may && (
        <NewPrediction projectId={projectId} versions={versions} models={models} version={search.version} model={search.model} onClose={() => set({ new: undefined, version: undefined, model: undefined })} />
      )}
    </Page>
  );
}
