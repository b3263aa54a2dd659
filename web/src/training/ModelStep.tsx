import { useState } from 'react';
import type { ModelWeights, TaskType, Trainer, TrainerModel } from '../api/schema';
import { bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { TextField } from '../parts/Field';
import type { Draft } from './draft';
import { modelBytes } from './estimate';
import styles from './NewJob.module.css';
import { newJobWords } from './newJobWords';
import { trainingWords } from './words';

const SEARCH_FROM = 9;

/** 11.2 M of 11,177,000. */
export const weightsText = (count: number): string => (count >= 1e6 ? `${number(count / 1e6, 1)} M` : count >= 1e3 ? `${number(count / 1e3)} k` : number(count));

/** The models for a task as cards, by trainer. The trainer comes with the model. */
export function ModelStep({ task, trainers, draft, errors, locked, onChange }: {
  task: TaskType | undefined;
  trainers: readonly Trainer[];
  draft: Draft;
  errors: Readonly<Record<string, string>>;
  /** The training goes on from a checkpoint, so that the model is given. */
  locked: boolean;
  onChange: (framework: string, model: string) => void;
}) {
  const words = useWords(newJobWords);
  const shared = useWords(trainingWords);
  const [text, setText] = useState('');
  if (task === undefined) return <p className={styles.muted}>{words.chooseFirst}</p>;
  const offers = trainers
    .map((trainer) => ({ trainer, models: (trainer.capabilities?.models ?? []).filter((model) => model.taskTypes.includes(task)) }))
    .filter(({ models }) => models.length > 0);
  if (offers.length === 0) return <p className={styles.warn}>{words.noModels(shared.tasks[task])}</p>;
  const count = offers.reduce((sum, { models }) => sum + models.length, 0);
  const wanted = text.trim().toLowerCase();
  const found = offers
    .map(({ trainer, models }) => ({ trainer, models: models.filter((model) => `${model.name} ${model.displayName ?? ''} ${model.description ?? ''}`.toLowerCase().includes(wanted)) }))
    .filter(({ models }) => models.length > 0);
  const error = errors.model ?? errors.framework;
  return (
    <div className={styles.body}>
      {locked && <p className={styles.note}>{words.lockedModel}</p>}
      {count >= SEARCH_FROM && <TextField label={words.searchModels} hideLabel type="search" placeholder={words.searchModels} value={text} onChange={(event) => setText(event.target.value)} />}
      {found.length === 0 && <p className={styles.muted}>{words.noneFound}</p>}
      {found.map(({ trainer, models }) => (
        <div key={trainer.framework} className={styles.group}>
          <h3 className={styles.groupTitle}>{trainer.framework}{trainer.state !== 'online' && <Badge tone="warn">{words.offline}</Badge>}</h3>
          {trainer.state !== 'online' && <p className={styles.muted}>{words.offlineText}</p>}
          <fieldset className={styles.models}>
            <legend className="visually-hidden">{words.trainerModels(trainer.framework)}</legend>
            {[...models].sort((a, b) => (a.parameters ?? Infinity) - (b.parameters ?? Infinity)).map((model) => {
              const chosen = draft.framework === trainer.framework && draft.model === model.name;
              return <ModelCard key={model.name} model={model} pretrained={trainer.weights.find((weights) => weights.model === model.name)} chosen={chosen} disabled={locked && !chosen} onChoose={() => onChange(trainer.framework, model.name)} />;
            })}
          </fieldset>
        </div>
      ))}
      {error !== undefined && <p className={styles.warn} role="alert">{error}</p>}
    </div>
  );
}

function ModelCard({ model, pretrained, chosen, disabled, onChoose }: {
  model: TrainerModel;
  pretrained: ModelWeights | undefined;
  chosen: boolean;
  disabled: boolean;
  onChoose: () => void;
}) {
  const words = useWords(newJobWords);
  const shared = useWords(trainingWords);
  return (
    <label className={styles.model}>
      <input type="radio" className="visually-hidden" name="model" checked={chosen} disabled={disabled} onChange={onChoose} />
      <b>{model.displayName ?? model.name}</b>
      <p>{model.description ?? ''}</p>
      <span className={styles.facts}>
        <span>{model.parameters === null ? words.weightsUnknown : words.weights(weightsText(model.parameters))}</span>
        {model.parameters !== null && <span title={words.memoryWhy}>{words.memory(bytes(modelBytes(model.parameters)))}</span>}
        {model.defaultImageSize !== null && <span>{words.imageSize(number(model.defaultImageSize))}</span>}
        {pretrained !== undefined && <span title={words.pretrainedWhy(pretrained.fileName, pretrained.licence ?? words.noLicence)}>{words.pretrained}</span>}
        {model.taskTypes.length > 1 && <span>{model.taskTypes.map((task) => (shared.tasks as Record<string, string>)[task] ?? task).join(', ')}</span>}
      </span>
    </label>
  );
}
