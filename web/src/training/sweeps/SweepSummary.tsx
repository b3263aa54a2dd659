import { Play } from 'lucide-react';
import type { ConfigField, NewSweep, Trainer } from '../../api/schema';
import { number } from '../../app/format';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { TextField } from '../../parts/Field';
import { Card } from '../../parts/Page';
import { ProblemNote } from '../../parts/States';
import { configOf, ratiosOf } from '../config';
import { versionName, type NamedVersion } from '../data';
import { useFieldName, valueText } from '../fields';
import newJobStyles from '../NewJob.module.css';
import styles from './Sweeps.module.css';
import { combinations, epochsOfAll, MOST_CONFIGURATIONS, roundsOf, type SweepDraft } from './sweeps';
import { sweepWords } from './words';

type Numbers = Record<'configurations' | 'minEpochs' | 'factor' | 'parallel' | 'seed', number | null | undefined>;

/** What the sweep will train, before it starts. */
export function SweepSummary({ draft, named, trainer, fields, space, tried, numbers, faults, errors, problem, busy, onName }: {
  draft: SweepDraft;
  named: NamedVersion | undefined;
  trainer: Trainer | undefined;
  fields: readonly ConfigField[];
  space: NewSweep['space'];
  /** Number of settings that are tried, with those that have a fault. */
  tried: number;
  numbers: Numbers;
  faults: number;
  errors: Readonly<Record<string, string>>;
  problem: unknown;
  busy: boolean;
  onName: (name: string) => void;
}) {
  const words = useWords(sweepWords);
  const fieldName = useFieldName();
  const model = trainer?.capabilities?.models.find((candidate) => candidate.name === draft.model);
  const combined = tried > 0 && space.length === tried ? combinations(space) : null;
  const tooMany = draft.method === 'grid' && combined !== null && combined > MOST_CONFIGURATIONS;
  const drawn = numbers.configurations === undefined ? 10 : numbers.configurations;
  const configurations = draft.method === 'grid' ? combined : drawn === null ? null : Math.min(drawn, combined ?? Infinity);
  const epochsSet = configOf(fields, draft.entries).epochs ?? fields.find((field) => field.name === 'epochs')?.default;
  const epochsTried = draft.tried.some((one) => one.field === 'epochs') && draft.method !== 'successive_halving';
  const rounds = configurations === null || typeof epochsSet !== 'number' || epochsTried || numbers.minEpochs === null || numbers.factor === null ? null
    : roundsOf(draft.method, configurations, epochsSet, numbers.minEpochs ?? 1, numbers.factor ?? 3);
  const missing = [named === undefined && words.missingVersion, model === undefined && words.missingModel, model !== undefined && tried === 0 && words.missingTried].filter((part) => part !== false);
  const ready = missing.length === 0 && faults === 0 && !tooMany && (draft.shares === null || ratiosOf(draft.shares) !== null);
  return (
    <Card title={words.summary}>
      <div className={newJobStyles.summary}>
        <TextField label={words.name} hint={words.nameHint} error={errors.name} maxLength={200} value={draft.name} placeholder={named === undefined || model === undefined ? '' : `${named.dataset.name} ${model.name}`} onChange={(event) => onName(event.target.value)} />
        <dl>
          <div><dt>{words.data}</dt><dd>{versionName(named) || '–'}</dd></div>
          <div><dt>{words.model}</dt><dd>{model === undefined ? '–' : `${draft.framework} / ${model.displayName ?? model.name}`}</dd></div>
          {tried > 0 && (
            <div>
              <dt>{words.tried}</dt>
              <dd>
                <div className={newJobStyles.changes}>
                  {space.flatMap((one) => [
                    <span key={one.field}>{fieldName(one.field)}</span>,
                    <b key={`${one.field}=`}>{one.values != null ? one.values.map(valueText).join(', ') : words.anyOf(valueText(one.min), valueText(one.max))}</b>,
                  ])}
                </div>
              </dd>
            </div>
          )}
          <div><dt>{words.configurations}</dt><dd>{configurations === null ? '–' : number(configurations)}</dd></div>
          {rounds !== null && (
            <>
              {draft.method === 'successive_halving' && <div><dt>{words.rounds}</dt><dd className={styles.rounds}>{rounds.map((round, index) => <span key={index}>{words.round(number(round.runs), number(round.epochs))}</span>)}</dd></div>}
              <div><dt>{words.epochsAll}</dt><dd>{number(epochsOfAll(rounds))}</dd></div>
            </>
          )}
        </dl>
        <ProblemNote error={problem} />
        {missing.length > 0 && <p className={newJobStyles.muted}>{words.missing}: {missing.join(', ')}</p>}
        {tooMany && <p className={newJobStyles.warn} role="alert">{words.tooMany(number(combined), String(MOST_CONFIGURATIONS))}</p>}
        {faults > 0 && <p className={newJobStyles.warn}>{words.faultsLeft(number(faults))}</p>}
        <div className={newJobStyles.buttons}><Button look="primary" type="submit" icon={<Play />} busy={busy} disabled={!ready}>{words.start}</Button></div>
        <p className={newJobStyles.muted}>{words.draftNote}</p>
      </div>
    </Card>
  );
}
