import { Link } from '@tanstack/react-router';
import { Pencil, Plus, X } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useMay } from '../api/permissions';
import type { TrainingJob } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { TextArea, TextField } from '../parts/Field';
import { Card, Row, Stack } from '../parts/Page';
import { ProblemNote } from '../parts/States';
import { notify, notifyProblem } from '../parts/Toast';
import styles from './Job.module.css';
import { LONGEST_TAG, withTag } from './marks';
import { markWords } from './markWords';
import { useMarkJob } from './useMarkJob';

/** What people wrote about a job, and the tags by which it is found. */
export function MarksCard({ job }: { job: TrainingJob }) {
  const words = useWords(markWords);
  const may = useMay({ projectId: job.projectId })('training:run');
  return (
    <Card title={words.marks}>
      <div className={styles.marks}>
        <section aria-label={words.notes}><h3>{words.notes}</h3><Notes job={job} may={may} /></section>
        <section aria-label={words.tags}><h3>{words.tags}</h3><Tags job={job} may={may} /></section>
      </div>
    </Card>
  );
}

function Notes({ job, may }: { job: TrainingJob; may: boolean }) {
  const words = useWords(markWords);
  const mark = useMarkJob(job);
  /** The text of the field; null while nobody writes. */
  const [text, setText] = useState<string | null>(null);
  if (text === null)
    return (
      <Stack gap={2}>
        <p className={job.notes === '' ? styles.muted : styles.notes}>{job.notes === '' ? words.noNotes : job.notes}</p>
        {may && <Row><Button size="small" icon={<Pencil />} onClick={() => setText(job.notes)}>{job.notes === '' ? words.write : words.edit}</Button></Row>}
      </Stack>
    );
  const save = (event: FormEvent): void => {
    event.preventDefault();
    mark.mutate({ notes: text.trim() }, { onSuccess: () => { setText(null); notify(words.saved); } });
  };
  return (
    <form onSubmit={save}>
      <Stack gap={2}>
        <TextArea label={words.notes} hideLabel hint={words.notesHint} rows={5} maxLength={10_000} autoFocus value={text} onChange={(event) => setText(event.target.value)} />
        <ProblemNote error={mark.error} />
        <Row><Button size="small" look="primary" type="submit" busy={mark.isPending}>{words.save}</Button><Button size="small" onClick={() => { mark.reset(); setText(null); }}>{words.cancel}</Button></Row>
      </Stack>
    </form>
  );
}

function Tags({ job, may }: { job: TrainingJob; may: boolean }) {
  const words = useWords(markWords);
  const mark = useMarkJob(job);
  const [text, setText] = useState('');
  const next = withTag(job.tags, text);
  const add = (event: FormEvent): void => {
    event.preventDefault();
    if (next === null) return;
    mark.mutate({ tags: next }, { onError: notifyProblem });
    setText('');
  };
  return (
    <Stack gap={2}>
      {job.tags.length === 0 ? <p className={styles.muted}>{words.noTags}</p> : (
        <ul className={styles.tags}>
          {job.tags.map((tag) => (
            <li key={tag} className={styles.tag}>
              <Link to="/projects/$projectId/jobs" params={{ projectId: job.projectId }} search={{ tag }} title={words.jobsWithTag(tag)}>{tag}</Link>
              {may && <button type="button" aria-label={words.removeTag(tag)} title={words.removeTag(tag)} onClick={() => mark.mutate({ tags: job.tags.filter((other) => other !== tag) }, { onError: notifyProblem })}><X aria-hidden="true" /></button>}
            </li>
          ))}
        </ul>
      )}
      {may && (
        <form className={styles.addTag} onSubmit={add}>
          <TextField label={words.addTag} hideLabel placeholder={words.addTag} autoComplete="off" maxLength={LONGEST_TAG} value={text} error={text.trim() !== '' && next === null ? words.badTag : undefined} onChange={(event) => setText(event.target.value)} />
          <Button type="submit" icon={<Plus />} disabled={next === null}>{words.add}</Button>
        </form>
      )}
    </Stack>
  );
}
