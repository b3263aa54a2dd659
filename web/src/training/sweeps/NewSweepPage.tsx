import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ShieldAlert } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type FormEvent } from 'react';
import { client } from '../../api/client';
import { usePermissions } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { TextField } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { Empty, ErrorState, Skeleton } from '../../parts/States';
import { Segments } from '../../parts/Tabs';
import { notify } from '../../parts/Toast';
import { advancedIn, configOf, faultsOf, ratiosOf } from '../config';
import { ConfigForm, useFaultText } from '../ConfigForm';
import { useTrainers, useVersions } from '../data';
import { DataStep } from '../DataStep';
import { dropDraft, keepDraft, readDraft } from '../draft';
import { ModelStep } from '../ModelStep';
import newJobStyles from '../NewJob.module.css';
import { newJobWords } from '../newJobWords';
import { PriorityField } from '../PriorityField';
import { Step } from '../Step';
import { sweepMethods } from './search';
import styles from './Sweeps.module.css';
import { SweepSummary } from './SweepSummary';
import { emptySweepDraft, MOST_CONFIGURATIONS, readTried, triableFields, wholeIn, type SweepDraft } from './sweeps';
import { TriedFields } from './TriedFields';
import { sweepWords } from './words';

/** The form of a new sweep. */
export function NewSweepPage() {
  const words = useWords(sweepWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const { version } = useSearch({ from: '/members/projects/$projectId/sweeps/new' });
  const permissions = usePermissions({ projectId });
  const trainers = useTrainers();
  const versions = useVersions(projectId);
  const error = trainers.error ?? versions.error ?? permissions.error;
  if (error) return <Page title={words.newSweep}><ErrorState error={asProblem(error)} onRetry={() => { void trainers.refetch(); void versions.refetch(); void permissions.refetch(); }} /></Page>;
  if (permissions.isPending || trainers.isPending || versions.isPending) return <Page title={words.newSweep}><Skeleton lines={8} height={40} /></Page>;
  if (!permissions.data?.permissions.includes('training:run')) return <Page title={words.newSweep}><Empty icon={<ShieldAlert />} title={words.noRun}>{words.noRunText}</Empty></Page>;
  return <SweepForm key={projectId} projectId={projectId} version={version} trainers={trainers.data!.items} versions={versions.byId} mayAdvanced={permissions.data.permissions.includes('training:advanced')} />;
}

function SweepForm({ projectId, version, trainers, versions, mayAdvanced }: {
  projectId: string;
  version: string | undefined;
  trainers: Parameters<typeof ModelStep>[0]['trainers'];
  versions: ReturnType<typeof useVersions>['byId'];
  mayAdvanced: boolean;
}) {
  const words = useWords(sweepWords);
  const training = useWords(newJobWords);
  const faultText = useFaultText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const newest = useMemo(() => [...versions.values()].sort((a, b) => Date.parse(b.version.createdAt) - Date.parse(a.version.createdAt)), [versions]);
  const start: SweepDraft = { ...emptySweepDraft, versionId: version ?? newest.find((one) => one.version.state === 'ready' && !one.version.unlabeled)?.version.id ?? '' };
  const storageKey = `sweep-draft:${projectId}`;
  const [draft, setDraft] = useState<SweepDraft>(() => ({ ...start, ...readDraft(storageKey) }));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<SweepDraft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    setFailure(null);
    keepDraft(storageKey, next);
  };
  useEffect(() => {
    if (failure !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]')?.scrollIntoView({ block: 'center' });
  }, [failure]);

  const named = versions.get(draft.versionId);
  const task = named?.dataset.taskType;
  const trainer = trainers.find((candidate) => candidate.framework === draft.framework);
  const fits = task !== undefined && (trainer?.capabilities?.models.some((model) => model.name === draft.model && model.taskTypes.includes(task)) ?? false);
  const schema = fits ? trainer?.capabilities?.configSchema : undefined;
  const triable = triableFields(schema?.fields ?? [], draft.method);
  const tried = draft.tried.filter((one) => triable.some((field) => field.name === one.field));
  const reads = tried.map((one) => readTried(triable.find((field) => field.name === one.field)!, one, draft.method));
  const space = reads.flatMap((read) => ('value' in read ? [read.value] : []));
  const fixedSchema = schema && { ...schema, fields: schema.fields.filter((field) => !tried.some((one) => one.field === field.name)) };
  const faults = fixedSchema === undefined ? {} : faultsOf(fixedSchema.fields, draft.entries);
  const refused = failure === null ? {} : asProblem(failure).fields;
  const errors: Record<string, string> = Object.fromEntries(Object.entries(refused).filter(([name]) => name.startsWith('config.')).map(([name, text]) => [name.slice('config.'.length), text]));
  for (const [name, fault] of Object.entries(faults)) errors[name] = faultText(fault);
  const mayNot = fixedSchema !== undefined && !mayAdvanced ? advancedIn(fixedSchema, draft.entries) : [];
  for (const name of mayNot) errors[name] ??= training.advancedWhy;
  const refusedTried = Object.fromEntries(tried.flatMap((one, index) => (refused[`space[${index}]`] === undefined ? [] : [[one.field, refused[`space[${index}]`]!]])));

  const drawn = draft.method !== 'grid';
  const halving = draft.method === 'successive_halving';
  const numbers = {
    configurations: drawn ? wholeIn(draft.configurations, 1, MOST_CONFIGURATIONS, undefined) : undefined,
    minEpochs: halving ? wholeIn(draft.minEpochs, 1, 1000, undefined) : undefined,
    factor: halving ? wholeIn(draft.factor, 2, 10, undefined) : undefined,
    parallel: wholeIn(draft.parallel, 1, 64, undefined),
    seed: drawn ? wholeIn(draft.seed, 0, 2_147_483_647, undefined) : undefined,
  };
  const errorOf = (name: keyof typeof numbers, min: number, max: number): string | undefined => (numbers[name] === null ? words.wholeOf(String(min), String(max)) : refused[name]);
  const wrong = Object.keys(faults).length + mayNot.length + reads.filter((read) => 'fault' in read).length + Object.values(numbers).filter((value) => value === null).length;

  const submit = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const ratios = draft.shares === null ? null : ratiosOf(draft.shares);
      const { data } = await client.POST('/api/v1/training/sweeps', {
        body: {
          projectId, datasetVersionId: draft.versionId, framework: draft.framework, model: draft.model, name: draft.name.trim() || null, method: draft.method, space,
          config: configOf(fixedSchema?.fields ?? [], draft.entries), split: ratios === null ? null : { ratios, stratified: draft.stratified },
          configurations: numbers.configurations ?? null, minEpochs: numbers.minEpochs ?? null, parallel: numbers.parallel ?? null, seed: numbers.seed ?? null, factor: numbers.factor ?? 3, priority: draft.priority,
        },
      });
      dropDraft(storageKey);
      notify(words.started);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/sweeps'] });
      await navigate({ to: '/projects/$projectId/sweeps/$sweepId', params: { projectId, sweepId: data!.id } });
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={words.newSweep} actions={<Button onClick={() => { dropDraft(storageKey); setDraft(start); setFailure(null); }}>{words.startOver}</Button>}>
      <form ref={form} className={newJobStyles.columns} noValidate onSubmit={(event: FormEvent) => { event.preventDefault(); void submit(); }}>
        <div className={newJobStyles.steps}>
          <Step number={1} title={words.data}><DataStep projectId={projectId} versions={newest} draft={draft} errors={refused} onChange={change} /></Step>
          <Step number={2} title={words.model}>
            <ModelStep
              task={task} trainers={trainers} draft={draft} errors={refused} locked={false}
              onChange={(framework, model) => change({ framework, model, ...(framework === draft.framework ? {} : { entries: {}, tried: [] }) })}
            />
          </Step>
          <Step number={3} title={words.method}>
            <div className={newJobStyles.body}>
              <div><Segments label={words.method} value={draft.method} options={sweepMethods.map((method) => ({ value: method, label: words.methods[method] }))} onChange={(method) => change({ method })} /></div>
              <p className={newJobStyles.muted}>{words.methodTexts[draft.method]}</p>
              <div className={styles.numbers}>
                {drawn && <TextField label={words.configurations} hint={words.configurationsHint(String(MOST_CONFIGURATIONS))} error={errorOf('configurations', 1, MOST_CONFIGURATIONS)} inputMode="numeric" autoComplete="off" value={draft.configurations} placeholder="10" onChange={(event) => change({ configurations: event.target.value })} />}
                {halving && <TextField label={words.minEpochs} error={errorOf('minEpochs', 1, 1000)} inputMode="numeric" autoComplete="off" value={draft.minEpochs} placeholder="1" onChange={(event) => change({ minEpochs: event.target.value })} />}
                {halving && <TextField label={words.factor} hint={words.factorHint} error={errorOf('factor', 2, 10)} inputMode="numeric" autoComplete="off" value={draft.factor} placeholder="3" onChange={(event) => change({ factor: event.target.value })} />}
                <TextField label={words.parallel} hint={words.parallelHint} error={errorOf('parallel', 1, 64)} inputMode="numeric" autoComplete="off" value={draft.parallel} onChange={(event) => change({ parallel: event.target.value })} />
                {drawn && <TextField label={words.seed} hint={words.seedHint} error={errorOf('seed', 0, 2_147_483_647)} inputMode="numeric" autoComplete="off" value={draft.seed} onChange={(event) => change({ seed: event.target.value })} />}
                <PriorityField value={draft.priority} onChange={(priority) => change({ priority })} />
              </div>
            </div>
          </Step>
          <Step number={4} title={words.whatToTry}>
            {schema === undefined ? <p className={newJobStyles.muted}>{words.chooseModelFirst}</p> : <TriedFields fields={triable} tried={tried} method={draft.method} refused={refusedTried} mayAdvanced={mayAdvanced} onChange={(next) => change({ tried: next })} />}
          </Step>
          <Step number={5} title={words.fixed}>
            {fixedSchema === undefined ? <p className={newJobStyles.muted}>{words.chooseModelFirst}</p>
              : <ConfigForm schema={fixedSchema} entries={draft.entries} errors={errors} mayAdvanced={mayAdvanced} suggested={new Set()} onChange={(entries) => change({ entries })} />}
          </Step>
        </div>
        <div className={newJobStyles.aside}>
          <SweepSummary
            draft={draft} named={named} trainer={fits ? trainer : undefined} fields={schema?.fields ?? []} space={space} tried={tried.length} numbers={numbers} faults={wrong} errors={refused}
            problem={failure !== null && Object.keys(refused).length === 0 ? failure : null} busy={busy} onName={(name) => change({ name })}
          />
        </div>
      </form>
    </Page>
  );
}
