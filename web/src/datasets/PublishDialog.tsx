import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { client } from '../api/client';
import { asProblem } from '../api/problem';
import type { Dataset, SplitSource } from '../api/schema';
import { number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, TextArea } from '../parts/Field';
import fieldStyles from '../parts/Field.module.css';
import { ProblemNote } from '../parts/States';
import { Table } from '../parts/Table';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import { expectedSplits, splitNames, type ExpectedClass } from './splits';
import { hasAnnotations } from './useDataset';
import { versionWords } from './versionWords';
import styles from './Versions.module.css';

/** Classes shown in the preview; those that may miss a split come first. */
const SHOWN = 12;

export function PublishDialog({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const words = useWords(versionWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const left = hasAnnotations(dataset.taskType) ? dataset.imageCount - (dataset.annotatedCount ?? 0) : 0;
  const unlabeled = hasAnnotations(dataset.taskType) ? left : dataset.imageCount - dataset.classes.reduce((sum, one) => sum + one.imageCount, 0);
  const [form, setForm] = useState({ note: '', splits: 'ratios' as SplitSource, annotatedOnly: left > 0, unlabeledOnly: false });
  const publish = useMutation({
    mutationFn: () => client.POST('/api/v1/datasets/{id}/versions', { params: { path: { id: dataset.id } }, body: form.unlabeledOnly ? { note: form.note.trim() || null, splits: null, annotatedOnly: null, unlabeledOnly: true } : { note: form.note.trim() || null, splits: form.splits, annotatedOnly: left > 0 ? form.annotatedOnly : null, unlabeledOnly: null } }),
    onError: () => undefined,
    onSuccess: ({ data, response }) => {
      if (data === undefined) return;
      notify(response.status === 202 ? words.publishedNow(String(data.number)) : words.same(String(data.number)));
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/versions'] });
      void navigate({ to: '/datasets/$datasetId/versions/$versionId', params: { datasetId: dataset.id, versionId: data.id } });
    },
  });
  const fields = publish.error === null ? {} : asProblem(publish.error).fields;
  const [train = 0, val = 0, test = 0] = dataset.split.ratios;
  const nothing = left === dataset.imageCount && left > 0;
  return (
    <Dialog
      open wide onClose={onClose} title={words.publish} description={words.publishText} onSubmit={() => publish.mutate()}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={publish.isPending} disabled={!form.unlabeledOnly && (nothing || (left > 0 && !form.annotatedOnly))}>{words.doPublish}</Button></>}
    >
      <TextArea label={`${words.note} (${parts.optional})`} hint={words.noteHint} rows={2} maxLength={2000} value={form.note} error={fields.note} onChange={(event) => setForm({ ...form, note: event.target.value })} />
      {unlabeled > 0 && <CheckField label={words.unlabeledOnly(number(unlabeled))} hint={words.unlabeledOnlyHint} checked={form.unlabeledOnly} onChange={(unlabeledOnly) => setForm({ ...form, unlabeledOnly })} />}
      {!form.unlabeledOnly && (
        <>
          <div className={styles.choice}>
            <p className={fieldStyles.label}>{words.source}</p>
            <div><Segments label={words.source} value={form.splits} onChange={(splits) => setForm({ ...form, splits })} options={[{ value: 'ratios', label: words.ratios }, { value: 'as_given', label: words.asGiven }]} /></div>
            <p className={fieldStyles.hint}>{form.splits === 'as_given' ? words.asGivenText : `${words.ratiosText(percent(train), percent(val), percent(test))} ${dataset.split.stratified ? words.stratifiedText : ''}`}</p>
          </div>
          {nothing ? <p className={fieldStyles.error} role="alert">{words.allLeft}</p> : left > 0 && <CheckField label={words.annotatedOnly} hint={words.annotatedOnlyHint(number(left))} checked={form.annotatedOnly} onChange={(annotatedOnly) => setForm({ ...form, annotatedOnly })} />}
          {form.splits === 'ratios' ? <Preview dataset={dataset} images={form.annotatedOnly ? dataset.imageCount - left : dataset.imageCount} /> : <p className={fieldStyles.hint}>{words.previewGiven}</p>}
        </>
      )}
      {Object.keys(fields).length === 0 && <ProblemNote error={publish.error} />}
    </Dialog>
  );
}

/** About how many images of each class each split will have. */
function Preview({ dataset, images }: { dataset: Dataset; images: number }) {
  const words = useWords(versionWords);
  const expected = useMemo(() => expectedSplits(dataset.classes, dataset.split.ratios, dataset.split.stratified), [dataset]);
  const missing = expected.filter((row) => row.missing.length > 0);
  const [all] = expectedSplits([{ name: words.all, imageCount: images }], dataset.split.ratios, dataset.split.stratified);
  const shown = [all!, ...[...expected].sort((a, b) => b.missing.length - a.missing.length || a.images - b.images).slice(0, SHOWN)];
  return (
    <section className={styles.preview} aria-label={words.preview}>
      <h3>{words.preview}</h3>
      <p className={fieldStyles.hint}>{words.previewText}</p>
      {missing.length > 0 && <p className={styles.warn} role="status">{words.expectedMissing(number(missing.length))}</p>}
      <Table<ExpectedClass>
        label={words.preview} rows={shown} rowKey={(row) => (row === all ? 'all' : `class-${row.name}`)}
        columns={[
          { key: 'class', title: words.class, cell: (row) => (row === all ? <strong>{row.name}</strong> : <>{row.name}{row.missing.length > 0 && <span className={styles.missing}>{words.mayMiss(row.missing.map((split) => words[split]).join(', '))}</span>}</>) },
          { key: 'images', title: words.images, right: true, cell: (row) => number(row.images) },
          ...splitNames.map((split) => ({ key: split, title: words[split], right: true, cell: (row: ExpectedClass) => words.about(number(Math.round(row.expected[split]))) })),
        ]}
      />
      {expected.length > SHOWN && <p className={fieldStyles.hint}>{words.moreClasses(number(expected.length - SHOWN))}</p>}
    </section>
  );
}
