import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ShieldAlert } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type FormEvent } from 'react';
import { client } from '../api/client';
import { usePermissions } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { CheckpointName, ConfigField, TrainingJob } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Page } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { changesOf, configOf, entriesOf, faultsOf, ratiosOf, advancedIn } from './config';
import { ConfigForm, useFaultText } from './ConfigForm';
import { jobQuery, useJobs, useTrainers, useVersions, type NamedVersion } from './data';
import { DataStep } from './DataStep';
import { draftKey, dropDraft, emptyDraft, keepDraft, readDraft, type Draft } from './draft';
import { useStartNew } from './JobActions';
import { ModelStep } from './ModelStep';
import styles from './NewJob.module.css';
import { newJobWords } from './newJobWords';
import { RunSummary } from './RunSummary';
import { Step } from './Step';

const readCheckpoint = (text: string | undefined): CheckpointName | null => {
  const match = /^(\d+)-(\d+)$/.exec(text ?? '');
  return match === null ? null : { attempt: Number(match[1]), epoch: Number(match[2]) };
};

/** The form of a new training, empty or filled from a job. */
export function NewJobPage() {
  const words = useWords(newJobWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const { from, checkpoint, suggested, version } = useSearch({ from: '/members/projects/$projectId/jobs/new' });
  const permissions = usePermissions({ projectId });
  const source = useQuery({ ...jobQuery(from ?? ''), enabled: from !== undefined, staleTime: 60_000 });
  const trainers = useTrainers();
  const versions = useVersions(projectId);
  const title = source.data === undefined ? words.title : words.cloneTitle(source.data.name);
  const error = (from === undefined ? null : source.error) ?? trainers.error ?? versions.error ?? permissions.error;
  if (error) return <Page title={title}><ErrorState error={asProblem(error)} onRetry={() => { void source.refetch(); void trainers.refetch(); void versions.refetch(); }} /></Page>;
  if (permissions.isPending || trainers.isPending || versions.isPending || (from !== undefined && source.isPending)) return <Page title={title}><Skeleton lines={8} height={40} /></Page>;
  if (!permissions.data?.permissions.includes('training:run')) return <Page title={title}><Empty icon={<ShieldAlert />} title={words.noRun}>{words.noRunText}</Empty></Page>;
  const key = draftKey(projectId, from, checkpoint);
  const fieldsOf = (framework: string): readonly ConfigField[] => trainers.data?.items.find((trainer) => trainer.framework === framework)?.capabilities?.configSchema.fields ?? [];
  const start = source.data === undefined ? { ...emptyDraft, versionId: version ?? newestReady(versions.byId) } : draftOf(source.data, fieldsOf(source.data.framework), suggested === true);
  return (
    <TrainingForm
      key={`${key}:${suggested ?? ''}`} projectId={projectId} storageKey={suggested === true ? `${key}:suggested` : key} start={start} source={source.data} checkpoint={readCheckpoint(checkpoint)} suggested={suggested === true} title={title}
      trainers={trainers.data!.items} versions={versions.byId} mayAdvanced={permissions.data.permissions.includes('training:advanced')}
    />
  );
}

const newestReady = (versions: ReadonlyMap<string, NamedVersion>): string =>
  [...versions.values()].filter(({ version }) => version.state === 'ready' && !version.unlabeled).sort((a, b) => Date.parse(b.version.createdAt) - Date.parse(a.version.createdAt))[0]?.version.id ?? '';

/** The form that would make a job again, with the change that its failure names when that is wanted. */
const draftOf = (job: TrainingJob, fields: readonly ConfigField[], suggested: boolean): Draft => ({
  ...emptyDraft, versionId: job.datasetVersionId, framework: job.framework, model: job.model, name: job.name, priority: job.priority,
  entries: entriesOf(fields, suggested ? { ...job.config, ...job.error?.tryConfig } : job.config),
});

function TrainingForm({ projectId, storageKey, start, source, checkpoint, suggested, title, trainers, versions, mayAdvanced }: {
  projectId: string;
  storageKey: string;
  start: Draft;
  source: TrainingJob | undefined;
  checkpoint: CheckpointName | null;
  suggested: boolean;
  title: string;
  trainers: Parameters<typeof ModelStep>[0]['trainers'];
  versions: ReturnType<typeof useVersions>['byId'];
  mayAdvanced: boolean;
}) {
  const words = useWords(newJobWords);
  const faultText = useFaultText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const startNew = useStartNew(projectId);
  const { jobs } = useJobs(projectId);
  const [draft, setDraft] = useState<Draft>(() => readDraft(storageKey) ?? start);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<Draft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    keepDraft(storageKey, next);
  };
  const named = versions.get(draft.versionId);
  const task = named?.dataset.taskType;
  const trainer = trainers.find((candidate) => candidate.framework === draft.framework);
  const fits = task === undefined || (trainer?.capabilities?.models.some((model) => model.name === draft.model && model.taskTypes.includes(task)) ?? false);
  const schema = fits ? trainer?.capabilities?.configSchema : undefined;
  const faults = useMemo(() => (schema === undefined ? {} : faultsOf(schema.fields, draft.entries)), [schema, draft.entries]);
  const refused = failure === null ? {} : asProblem(failure).fields;
  const errors: Record<string, string> = Object.fromEntries(Object.entries(refused).filter(([name]) => name.startsWith('config.')).map(([name, text]) => [name.slice('config.'.length), text]));
  for (const [name, fault] of Object.entries(faults)) errors[name] = faultText(fault);
  const newest = useMemo(() => [...versions.values()].sort((a, b) => Date.parse(b.version.createdAt) - Date.parse(a.version.createdAt)), [versions]);

  // What the server refused is shown where it is.
  useEffect(() => {
    if (failure !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]')?.scrollIntoView({ block: 'center' });
  }, [failure]);

  const create = async (): Promise<TrainingJob> => {
    const config = configOf(schema?.fields ?? [], draft.entries);
    const ratios = draft.shares === null ? null : ratiosOf(draft.shares);
    const split = ratios === null ? null : { ratios, stratified: draft.stratified };
    const name = draft.name.trim() || null;
    if (source !== undefined) {
      const { data } = await client.POST('/api/v1/training/jobs/{id}/clone', {
        params: { path: { id: source.id } },
        body: {
          name, datasetVersionId: draft.versionId, framework: draft.framework, model: draft.model, config: changesOf(source.config, config), priority: draft.priority,
          ...(split === null ? {} : { split }), ...(checkpoint === null ? {} : { resumeFrom: checkpoint }),
        },
      });
      return data!;
    }
    const { data } = await client.POST('/api/v1/training/jobs', { body: { projectId, datasetVersionId: draft.versionId, framework: draft.framework, model: draft.model, name, config, split, priority: draft.priority } });
    return data!;
  };
  const submit = async (thenStart: boolean): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const job = await create();
      dropDraft(storageKey);
      if (thenStart) await startNew(job, words.created);
      else {
        void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/jobs'] });
        notify(words.saved);
        await navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId, jobId: job.id } });
      }
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const suggestions = new Set(suggested ? Object.keys(source?.error?.tryConfig ?? {}) : []);
  const mayNot = schema !== undefined && !mayAdvanced ? advancedIn(schema, draft.entries) : [];
  for (const name of mayNot) errors[name] ??= words.advancedWhy;
  return (
    <Page title={title} actions={<Button onClick={() => { dropDraft(storageKey); setDraft(start); setFailure(null); }}>{words.startOver}</Button>}>
      {source !== undefined && (
        <p className={styles.note}>{[checkpoint === null ? words.cloneText : words.resumeText(number(checkpoint.epoch)), suggested && words.suggestedText].filter(Boolean).join(' ')}</p>
      )}
      <form ref={form} className={styles.columns} noValidate onSubmit={(event: FormEvent) => { event.preventDefault(); void submit(true); }}>
        <div className={styles.steps}>
          <Step number={1} title={words.data}><DataStep projectId={projectId} versions={newest} draft={draft} errors={refused} onChange={change} /></Step>
          <Step number={2} title={words.model}>
            <ModelStep
              task={task} trainers={trainers} draft={draft} errors={refused} locked={checkpoint !== null}
              onChange={(framework, model) => change({ framework, model, ...(framework === draft.framework ? {} : { entries: {} }) })}
            />
          </Step>
          <Step number={3} title={words.settings}>
            {schema === undefined || draft.model === '' ? <p className={styles.muted}>{words.chooseModelFirst}</p>
              : <ConfigForm schema={schema} entries={draft.entries} errors={errors} mayAdvanced={mayAdvanced} suggested={suggestions} onChange={(entries) => { setFailure(null); change({ entries }); }} />}
          </Step>
        </div>
        <div className={styles.aside}>
          <RunSummary
            draft={fits ? draft : { ...draft, model: '' }} named={named} trainer={fits ? trainer : undefined} jobs={jobs ?? []} versions={versions} faults={Object.keys(faults).length + mayNot.length} errors={refused}
            problem={failure !== null && Object.keys(refused).length === 0 ? failure : null} busy={busy} onName={(name) => change({ name })} onPriority={(priority) => change({ priority })} onSave={() => void submit(false)}
          />
        </div>
      </form>
    </Page>
  );
}
