import { Play } from 'lucide-react';
import type { JobPriority, Trainer, TrainingJob } from '../api/schema';
import { bytes, duration, number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { TextField } from '../parts/Field';
import { Card } from '../parts/Page';
import { ProblemNote } from '../parts/States';
import { configOf, ratiosOf, splitCounts } from './config';
import { versionName, type NamedVersion } from './data';
import type { Draft } from './draft';
import { modelBytes, secondsFor, stepsPerEpoch } from './estimate';
import { useFieldName, valueText } from './fields';
import styles from './NewJob.module.css';
import { newJobWords } from './newJobWords';
import { PriorityField } from './PriorityField';

/** What the run will use, before it starts. */
export function RunSummary({ draft, named, trainer, jobs, versions, faults, errors, problem, busy, onName, onPriority, onSave }: {
  draft: Draft;
  named: NamedVersion | undefined;
  trainer: Trainer | undefined;
  jobs: readonly TrainingJob[];
  versions: ReadonlyMap<string, NamedVersion>;
  /** Number of settings with a fault. */
  faults: number;
  errors: Readonly<Record<string, string>>;
  /** A failure that belongs to no field. */
  problem: unknown;
  busy: boolean;
  onName: (name: string) => void;
  onPriority: (priority: JobPriority) => void;
  onSave: () => void;
}) {
  const words = useWords(newJobWords);
  const fieldName = useFieldName();
  const fields = trainer?.capabilities?.configSchema.fields ?? [];
  const config = configOf(fields, draft.entries);
  const settings = Object.entries(config);
  const valueOf = (name: string): number | null => {
    const value = config[name] ?? fields.find((field) => field.name === name)?.default;
    return typeof value === 'number' ? value : null;
  };
  const model = trainer?.capabilities?.models.find((candidate) => candidate.name === draft.model);
  const ratios = draft.shares === null ? null : ratiosOf(draft.shares);
  const images = named === undefined ? 0 : ratios === null ? named.version.splits.train : splitCounts(named.version.imageCount, ratios)[0];
  const [epochs, batch] = [valueOf('epochs'), valueOf('batchSize')];
  const estimate = named === undefined || model === undefined || epochs === null ? null
    : secondsFor({ framework: draft.framework, model: draft.model, versionId: draft.versionId, images, epochs }, jobs, (id) => versions.get(id)?.version.splits.train);
  const devices = (trainer?.capabilities?.devices ?? []) as { type?: string; name?: string; memoryBytes?: number }[];
  const missing = [named === undefined && words.missingVersion, model === undefined && words.missingModel].filter((part) => part !== false);
  const ready = missing.length === 0 && faults === 0 && (draft.shares === null || ratios !== null);
  return (
    <Card title={words.summary}>
      <div className={styles.summary}>
        <TextField label={words.name} hint={words.nameHint} error={errors.name} maxLength={200} value={draft.name} placeholder={named === undefined || model === undefined ? '' : `${named.dataset.name} ${model.name}`} onChange={(event) => onName(event.target.value)} />
        <PriorityField value={draft.priority} onChange={onPriority} />
        <dl>
          <div><dt>{words.data}</dt><dd>{versionName(named) || '–'}</dd></div>
          <div><dt>{words.model}</dt><dd>{model === undefined ? '–' : `${draft.framework} / ${model.displayName ?? model.name}`}</dd></div>
          {epochs !== null && batch !== null && images > 0 && <div><dt>{words.steps}</dt><dd>{words.stepsText(number(epochs), number(stepsPerEpoch(images, batch)))}</dd></div>}
          {model !== undefined && named !== undefined && <div><dt>{words.estimate}</dt><dd>{estimate === null ? words.noEstimate : <>{duration(estimate.seconds)} <span className={styles.muted}>{words.estimateFrom(estimate.job.name)}</span></>}</dd></div>}
          {model?.parameters != null && <div><dt>{words.memoryNeed}</dt><dd title={words.memoryWhy}>{bytes(modelBytes(model.parameters))}</dd></div>}
          {devices.length > 0 && <div><dt>{words.devices}</dt><dd>{devices.map((device) => [device.name ?? device.type, device.memoryBytes === undefined ? null : bytes(device.memoryBytes)].filter(Boolean).join(', ')).join('; ')}</dd></div>}
          {model !== undefined && (
            <div>
              <dt>{words.changes}</dt>
              <dd>{settings.length === 0 ? words.changesNone : <div className={styles.changes}>{settings.flatMap(([name, value]) => [<span key={name}>{fieldName(name)}</span>, <b key={`${name}=`}>{valueText(value)}</b>])}</div>}</dd>
            </div>
          )}
        </dl>
        <ProblemNote error={problem} />
        {missing.length > 0 && <p className={styles.muted}>{words.missing}: {missing.join(', ')}</p>}
        {faults > 0 && <p className={styles.warn}>{words.faultsLeft(number(faults))}</p>}
        <div className={styles.buttons}>
          <Button look="primary" type="submit" icon={<Play />} busy={busy} disabled={!ready}>{words.start}</Button>
          <Button disabled={!ready || busy} onClick={onSave}>{words.saveOnly}</Button>
        </div>
        <p className={styles.muted}>{words.draftNote}</p>
      </div>
    </Card>
  );
}
