import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { TaskType } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, TextArea, TextField } from '../parts/Field';
import fieldStyles from '../parts/Field.module.css';
import { ProblemNote } from '../parts/States';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import styles from './Datasets.module.css';
import { KeypointsField, type Keypoints } from './KeypointsField';
import { NameList } from './NameList';
import { problemsOf, repeatedNames } from './names';
import { problemOfShares, sharesOf, splitNames } from './splits';
import { datasetWords } from './words';

const tasks: readonly TaskType[] = ['image_classification', 'object_detection', 'instance_segmentation', 'semantic_segmentation', 'keypoint_detection', 'oriented_detection'];
const usualShares = ['80', '10', '10'];

/** Asks for everything that a dataset has from the beginning, and opens the new dataset. */
export function NewDataset({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const words = useWords(datasetWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [form, setForm] = useState({ name: '', description: '', task: 'image_classification' as TaskType, classes: [''], shares: usualShares, stratified: false });
  const [keypoints, setKeypoints] = useState<Keypoints>({ names: [''], skeleton: [] });
  const [key] = useState(() => crypto.randomUUID());
  const create = api.useMutation('post', '/api/v1/datasets', {
    onError: () => undefined,
    onSuccess: (dataset) => {
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets'] });
      notify(words.isCreated(dataset.name));
      void navigate({ to: '/datasets/$datasetId/upload', params: { datasetId: dataset.id } });
    },
  });
  const fields = create.error === null ? {} : asProblem(create.error).fields;
  const shares = form.shares.map(Number);
  const wrongShares = problemOfShares(shares);
  const annotated = form.task !== 'image_classification';
  const filled = (names: readonly string[]): string[] => names.map((name) => name.trim()).filter((name) => name !== '');
  const named = filled(keypoints.names);
  const isIncomplete = wrongShares !== null || (annotated && repeatedNames(form.classes).size > 0) || (form.task === 'keypoint_detection' && (named.length === 0 || repeatedNames(keypoints.names).size > 0));
  const submit = (): void => {
    if (isIncomplete) return;
    // Places in the skeleton count names; empty ones are left out of both.
    const places = keypoints.names.map((name, index) => (name.trim() === '' ? -1 : filled(keypoints.names.slice(0, index)).length));
    create.mutate({
      params: { header: { 'Idempotency-Key': key } },
      body: {
        projectId,
        name: form.name,
        description: form.description.trim() || null,
        taskType: form.task,
        split: { ratios: sharesOf(shares), stratified: form.stratified },
        ...(annotated ? { classes: filled(form.classes) } : {}),
        ...(form.task === 'keypoint_detection'
          ? { keypoints: { names: named, skeleton: keypoints.skeleton.map(([a, b]) => [places[a] ?? -1, places[b] ?? -1]).filter(([a, b]) => a! >= 0 && b! >= 0) } }
          : {}),
      },
    });
  };
  return (
    <Dialog
      open wide onClose={onClose} title={words.newDataset} onSubmit={submit}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={create.isPending} disabled={isIncomplete}>{words.create}</Button></>}
    >
      <TextField label={words.name} hint={words.nameHint} required autoFocus maxLength={200} value={form.name} error={fields.name} onChange={(event) => setForm({ ...form, name: event.target.value })} />
      <TextArea label={`${words.description} (${parts.optional})`} rows={2} maxLength={2000} value={form.description} error={fields.description} onChange={(event) => setForm({ ...form, description: event.target.value })} />
      <fieldset className={styles.group}>
        <legend>{words.task}</legend>
        <p className={fieldStyles.hint}>{words.taskHint}</p>
        <div className={styles.tasks}>
          {tasks.map((task) => (
            <label key={task} className={styles.task} data-chosen={task === form.task || undefined}>
              <input type="radio" name="task" className="visually-hidden" checked={task === form.task} onChange={() => setForm({ ...form, task })} />
              <span>{words.tasks[task]}</span>
              <small>{words.taskTexts[task]}</small>
            </label>
          ))}
        </div>
        {fields.taskType !== undefined && <p className={fieldStyles.error} role="alert">{fields.taskType}</p>}
      </fieldset>
      {annotated
        ? <NameList label={words.classNames} hint={words.classNamesHint} error={problemsOf(fields, 'classes')} nameLabel={words.className} addLabel={words.addClass} colours names={form.classes} onChange={(classes) => setForm({ ...form, classes })} />
        : <p className={fieldStyles.hint}>{words.classesOfFolders}</p>}
      {form.task === 'keypoint_detection' && <KeypointsField value={keypoints} error={problemsOf(fields, 'keypoints')} onChange={setKeypoints} />}
      <fieldset className={styles.group}>
        <legend>{words.split}</legend>
        <p className={fieldStyles.hint}>{words.splitHint}</p>
        <div className={styles.shares}>
          {splitNames.map((split, index) => (
            <TextField
              key={split} label={words.share(words[split])} type="number" min={0} max={100} step="any" required value={form.shares[index] ?? ''}
              onChange={(event) => setForm({ ...form, shares: form.shares.map((old, place) => (place === index ? event.target.value : old)) })}
            />
          ))}
        </div>
        {wrongShares !== null && <p className={fieldStyles.error} role="alert">{words.splitSum(number(wrongShares.sum, Number.isInteger(wrongShares.sum) ? 0 : 1))}</p>}
        {problemsOf(fields, 'split') !== undefined && <p className={fieldStyles.error} role="alert">{problemsOf(fields, 'split')}</p>}
        <CheckField label={words.stratified} hint={words.stratifiedHint} checked={form.stratified} onChange={(stratified) => setForm({ ...form, stratified })} />
      </fieldset>
      {Object.keys(fields).length === 0 && <ProblemNote error={create.error} />}
    </Dialog>
  );
}
