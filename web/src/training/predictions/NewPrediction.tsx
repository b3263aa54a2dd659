import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { asProblem } from '../../api/problem';
import type { NewPrediction as Body } from '../../api/schema';
import { number } from '../../app/format';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { CheckField, Fields, SelectField, TextField } from '../../parts/Field';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../../parts/States';
import { notify } from '../../parts/Toast';
import { useInvalidate } from '../../parts/useInvalidate';
import { partWords } from '../../parts/words';
import type { useVersions } from '../data';
import newJobStyles from '../NewJob.module.css';
import type { useModelVersions } from './predictionData';
import { predictionWords } from './words';

type Split = NonNullable<Body['split']>;
const splits: readonly Split[] = ['train', 'val', 'test'];

/** Chooses the images and the model that predicts them. Only models of the same task can be chosen. */
export function NewPrediction({ projectId, versions, models, version, model, onClose }: {
  projectId: string;
  versions: ReturnType<typeof useVersions>;
  models: ReturnType<typeof useModelVersions>;
  version: string | undefined;
  model: string | undefined;
  onClose: () => void;
}) {
  const words = useWords(predictionWords);
  const parts = useWords(partWords);
  const navigate = useNavigate();
  const invalidate = useInvalidate();
  const [versionId, setVersionId] = useState(version ?? '');
  const [modelVersionId, setModelVersionId] = useState(model ?? '');
  const [split, setSplit] = useState<Split | ''>('');
  const [least, setLeast] = useState('');
  const [measure, setMeasure] = useState(false);
  const start = api.useMutation('post', '/api/v1/training/predictions', {
    onError: () => undefined,
    onSuccess: async (made) => {
      notify(words.started);
      void invalidate('/api/v1/training/predictions');
      await navigate({ to: '/projects/$projectId/predictions/$predictionId', params: { projectId, predictionId: made.id } });
    },
  });
  const ready = [...versions.byId.values()].filter((named) => named.version.state === 'ready').sort((a, b) => Date.parse(b.version.createdAt) - Date.parse(a.version.createdAt));
  const task = versions.byId.get(versionId)?.dataset.taskType;
  // There is nothing to measure with.
  const unlabeled = versions.byId.get(versionId)?.version.unlabeled === true;
  const fitting = [...models.byId.values()].filter((named) => named.model.taskType === task).sort((a, b) => Date.parse(b.version.createdAt) - Date.parse(a.version.createdAt));
  const chosen = fitting.find((named) => named.version.id === modelVersionId);
  const objects = task !== undefined && task !== 'image_classification';
  const confidence = least.trim() === '' ? null : Number(least);
  const badConfidence = objects && confidence !== null && !(confidence >= 0 && confidence <= 1);
  const errors = start.error === null ? {} : asProblem(start.error).fields;
  const failed = versions.error ?? models.error;
  return (
    <Dialog
      open onClose={onClose} title={words.newPrediction}
      onSubmit={() => start.mutate({ body: { datasetVersionId: versionId, modelVersionId, split: split === '' ? null : split, measure: measure && !unlabeled, minConfidence: objects ? confidence : null } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={start.isPending} disabled={chosen === undefined || badConfidence}>{words.start}</Button></>}
    >
      {failed ? <ErrorState error={failed} onRetry={() => { void versions.refetch(); void models.refetch(); }} />
        : versions.isPending || models.isPending ? <Skeleton lines={3} height={52} />
        : ready.length === 0 ? <Empty title={words.noVersions} />
        : (
          <Fields>
            <SelectField
              label={words.dataset} error={errors.datasetVersionId} value={versionId} onChange={setVersionId}
              options={[{ value: '', label: words.choose, disabled: true }, ...ready.map((named) => ({ value: named.version.id, label: words.datasetOption(named.dataset.name, String(named.version.number), number(named.version.imageCount)) }))]}
            />
            {task === undefined ? <p className={newJobStyles.muted}>{words.chooseDatasetFirst}</p> : fitting.length === 0 ? <p className={newJobStyles.warn} role="alert">{words.noModels}</p> : (
              <SelectField
                label={words.modelVersion} error={errors.modelVersionId} value={chosen === undefined ? '' : modelVersionId} onChange={setModelVersionId}
                options={[{ value: '', label: words.choose, disabled: true }, ...fitting.map((named) => ({ value: named.version.id, label: words.versionOf(named.model.name, String(named.version.number)) }))]}
              />
            )}
            <SelectField label={words.split} value={split} onChange={(value) => setSplit(value as Split | '')} options={[{ value: '', label: words.allSplits }, ...splits.map((value) => ({ value, label: words.splits[value] }))]} />
            {objects && <TextField label={words.minConfidence} hint={words.minConfidenceHint} error={badConfidence ? words.badConfidence : errors.minConfidence} inputMode="decimal" autoComplete="off" value={least} onChange={(event) => setLeast(event.target.value)} />}
            {!unlabeled && <CheckField label={words.measure} hint={words.measureHint} checked={measure} onChange={setMeasure} />}
            {Object.keys(errors).length === 0 && <ProblemNote error={start.error} />}
          </Fields>
        )}
    </Dialog>
  );
}
