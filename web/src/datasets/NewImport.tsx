import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { client } from '../api/client';
import { asProblem, ProblemError } from '../api/problem';
import type { AnnotationMode } from '../api/schema';
import { percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, Labelled, TextField } from '../parts/Field';
import fieldStyles from '../parts/Field.module.css';
import { Progress } from '../parts/Progress';
import { ProblemNote } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import { importWords } from './importWords';
import { putFile } from './putFile';

/** Uploads an annotation file and starts its import. Closing the dialog before the upload has ended cancels it. */
export function NewImport({ datasetId, onClose, onStarted }: { datasetId: string; onClose: () => void; onStarted: (importId: string) => void }) {
  const words = useWords(importWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [form, setForm] = useState({ mode: 'replace' as AnnotationMode, addClasses: true, folder: '', splits: false });
  const [sent, setSent] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  // Only the labels of YOLO are a ZIP.
  const isYolo = file !== null && /\.zip$/i.test(file.name);
  const start = async (): Promise<void> => {
    if (file === null) return;
    const abort = (running.current = new AbortController());
    const path = { id: datasetId };
    let announced: string | null = null;
    setError(null);
    setSent(0);
    try {
      const answer = (await client.POST('/api/v1/datasets/{id}/annotation-imports', { params: { path }, body: { name: file.name, size: file.size, mode: form.mode, addClasses: form.addClasses, folder: form.folder.trim() || null, splits: isYolo && form.splits } })).data!;
      announced = answer.import.id;
      await putFile(file, answer, setSent, abort.signal);
      await client.POST('/api/v1/datasets/{id}/annotation-imports/{importId}/complete', { params: { path: { ...path, importId: announced } } });
      notify(words.begun(file.name));
      onStarted(announced);
    } catch (failure) {
      // What was announced and cannot be completed any more would wait for its end of time.
      if (announced !== null) void client.POST('/api/v1/datasets/{id}/annotation-imports/{importId}/cancel', { params: { path: { ...path, importId: announced } } }).catch(() => undefined);
      if (!abort.signal.aborted) setError(failure instanceof ProblemError ? failure : new Error(words.uploadFailed));
    } finally {
      setSent(null);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/annotation-imports'] });
    }
  };
  const fields = error instanceof ProblemError ? asProblem(error).fields : {};
  const busy = sent !== null;
  return (
    <Dialog
      open onClose={onClose} title={words.newImport} description={words.newImportText} onSubmit={() => void start()}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={busy} disabled={file === null}>{words.import}</Button></>}
    >
      <Labelled label={words.file} error={fields.size ?? fields.name}>
        {(ids) => <input {...ids} type="file" accept=".json,.zip,application/json,application/zip" className={fieldStyles.input} disabled={busy} onChange={(event) => setFile(event.target.files?.[0] ?? null)} />}
      </Labelled>
      <TextField label={`${words.folder} (${parts.optional})`} hint={words.folderHint} value={form.folder} disabled={busy} error={fields.folder} onChange={(event) => setForm({ ...form, folder: event.target.value })} />
      <div>
        <p className={fieldStyles.label}>{words.modeLabel}</p>
        <Segments label={words.modeLabel} value={form.mode} onChange={(mode) => setForm({ ...form, mode })} options={[{ value: 'replace', label: words.replace }, { value: 'add', label: words.add }]} />
      </div>
      <CheckField label={words.addClasses} hint={words.addClassesHint} checked={form.addClasses} disabled={busy} onChange={(addClasses) => setForm({ ...form, addClasses })} />
      {isYolo && <CheckField label={words.splits} hint={words.splitsHint} checked={form.splits} disabled={busy} onChange={(splits) => setForm({ ...form, splits })} />}
      {busy && <><Progress value={sent} label={words.file} /><p className={fieldStyles.hint} role="status">{words.uploading(percent(sent, 0))}</p></>}
      {Object.keys(fields).length === 0 && <ProblemNote error={error} />}
    </Dialog>
  );
}

