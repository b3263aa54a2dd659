import { Database } from 'lucide-react';
import type { Version } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { CheckField, SelectField, TextField } from '../parts/Field';
import { Facts } from '../parts/Page';
import { Empty } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { ratiosOf, splitCounts } from './config';
import type { NamedVersion } from './data';
import type { Draft } from './draft';
import styles from './NewJob.module.css';
import { newJobWords } from './newJobWords';
import { trainingWords } from './words';

const SHOWN_CLASSES = 24;

/** The dataset version with its classes, and how its images are divided. */
export function DataStep({ projectId, versions, draft, errors, onChange }: {
  projectId: string;
  versions: readonly NamedVersion[];
  draft: Draft;
  errors: Readonly<Record<string, string>>;
  onChange: (change: Partial<Draft>) => void;
}) {
  const words = useWords(newJobWords);
  const shared = useWords(trainingWords);
  const chosen = versions.find(({ version }) => version.id === draft.versionId);
  if (versions.length === 0)
    return <Empty icon={<Database />} title={words.noVersions} action={<ButtonLink to="/projects/$projectId/datasets" params={{ projectId }}>{words.toDatasets}</ButtonLink>}>{words.noVersionsText}</Empty>;
  return (
    <div className={styles.body}>
      <SelectField
        label={words.version} error={errors.datasetVersionId} value={draft.versionId} onChange={(versionId) => onChange({ versionId })}
        options={[
          { value: '', label: words.chooseVersion, disabled: true },
          ...versions.filter(({ version }) => !version.unlabeled).map(({ dataset, version }) => ({
            value: version.id, disabled: version.state !== 'ready',
            label: words.versionOption(dataset.name, String(version.number), number(version.imageCount)) + (version.state === 'ready' ? '' : ` (${words.notReady})`),
          })),
        ]}
      />
      {chosen !== undefined && (
        <>
          <Facts
            items={[
              [words.task, shared.tasks[chosen.dataset.taskType]], [words.images, number(chosen.version.imageCount)], [words.classes, number(chosen.version.classes.length)],
              chosen.version.keypoints === null ? null : [words.keypoints, number(chosen.version.keypoints.names.length)],
            ]}
          />
          <ClassChips version={chosen.version} />
          <SplitPreview version={chosen.version} draft={draft} error={errors.split ?? errors['split.ratios']} onChange={onChange} />
          {chosen.version.warnings.length > 0 && (
            <div className={styles.warn} role="note" aria-label={words.warnings}><ul>{chosen.version.warnings.map((warning) => <li key={warning.kind + warning.message}>{warning.message}</li>)}</ul></div>
          )}
        </>
      )}
    </div>
  );
}

function ClassChips({ version }: { version: Version }) {
  const words = useWords(newJobWords);
  const more = version.classes.length - SHOWN_CLASSES;
  return (
    <ul className={styles.chips} aria-label={words.classes}>
      {version.classes.slice(0, SHOWN_CLASSES).map((one) => <li key={one.name} className={styles.chip}>{one.name}<small>{number(one.objectCount ?? one.imageCount)}</small></li>)}
      {more > 0 && <li className={styles.chip}><small>{words.moreClasses(number(more))}</small></li>}
    </ul>
  );
}

function SplitPreview({ version, draft, error, onChange }: { version: Version; draft: Draft; error: string | undefined; onChange: (change: Partial<Draft>) => void }) {
  const words = useWords(newJobWords);
  const ratios = draft.shares === null ? null : ratiosOf(draft.shares);
  const counts: readonly [number, number, number] = ratios === null ? [version.splits.train, version.splits.val, version.splits.test] : splitCounts(version.imageCount, ratios);
  const whole = Math.max(1, counts[0] + counts[1] + counts[2]);
  const names = [words.train, words.val, words.test] as const;
  const colours = [styles.train, styles.val, styles.test];
  const asPercent = counts.map((count) => String(Math.round((count / whole) * 100)));
  return (
    <div className={styles.body}>
      <div>
        <Segments
          label={words.split} value={draft.shares === null ? 'version' : 'anew'}
          options={[{ value: 'version', label: words.asVersion }, { value: 'anew', label: words.anew }]}
          onChange={(mode) => onChange({ shares: mode === 'version' ? null : [String(100 - Number(asPercent[1]) - Number(asPercent[2])), asPercent[1]!, asPercent[2]!] })}
        />
      </div>
      {draft.shares !== null && (
        <>
          <div className={styles.shares}>
            {names.map((name, index) => (
              <TextField
                key={name} label={words.percent(name)} inputMode="decimal" autoComplete="off" value={draft.shares![index] ?? ''} aria-invalid={ratios === null || undefined}
                onChange={(event) => onChange({ shares: draft.shares!.map((share, at) => (at === index ? event.target.value : share)) })}
              />
            ))}
          </div>
          {(ratios === null || error !== undefined) && <p className={styles.warn} role="alert">{error ?? words.badShares}</p>}
          <CheckField label={words.stratified} checked={draft.stratified} onChange={(stratified) => onChange({ stratified })} />
        </>
      )}
      <div role="img" aria-label={words.splitOf(number(counts[0]), number(counts[1]), number(counts[2]))} className={styles.bar}>
        {counts.map((count, index) => count > 0 && <span key={names[index]} className={colours[index]} style={{ flexGrow: count, flexBasis: 0 }} />)}
      </div>
      <ul className={styles.legend}>
        {counts.map((count, index) => <li key={names[index]}><i className={colours[index]} aria-hidden="true" />{names[index]} <b>{number(count)}</b></li>)}
      </ul>
      {draft.shares !== null && <p className={styles.muted}>{words.approximate}</p>}
    </div>
  );
}
