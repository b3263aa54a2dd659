import { Link } from '@tanstack/react-router';
import { OctagonX } from 'lucide-react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { TrainingFailure, TrainingJob } from '../api/schema';
import { bytes, duration, metric } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { Row } from '../parts/Page';
import { CopyText } from '../parts/CopyText';
import styles from './Job.module.css';
import { useFieldName, valueText } from './fields';
import { useStartNew } from './JobActions';
import { jobWords } from './jobWords';

/** A measured figure by the unit that its name ends with. */
const figure = (name: string, value: number): string => (/bytes$/i.test(name) ? bytes(value) : /seconds$/i.test(name) ? duration(value) : metric(value));

/** Why a training failed, what was measured, and the change to try, which one click makes in a clone. */
export function FailureCard({ job, failure }: { job: TrainingJob; failure: TrainingFailure }) {
  const words = useWords(jobWords);
  const fieldName = useFieldName();
  const may = useMay({ projectId: job.projectId })('training:run');
  const startNew = useStartNew(job.projectId);
  const clone = api.useMutation('post', '/api/v1/training/jobs/{id}/clone', { onSuccess: (next) => startNew(next, words.failure.cloned) });
  const changes = Object.entries(failure.tryConfig ?? {});
  const measured = Object.entries(failure.measured ?? {});
  const params = { projectId: job.projectId, jobId: job.id };
  const why = may ? undefined : words.noRun;
  return (
    <section className={styles.failure} aria-label={words.failure.title}>
      <header className={styles.failureHead}><OctagonX aria-hidden="true" /><h2>{words.failure.title}</h2><Badge tone="bad">{words.failure[failure.category]}</Badge></header>
      <div className={styles.failureBody}>
        <p className={styles.message}>{failure.message}</p>
        <p className={styles.next}>{failure.suggestedAction}</p>
        <div className={styles.measures}>
          <div><h3>{words.failure.code}</h3><CopyText text={failure.code} /></div>
          {measured.length > 0 && (
            <div>
              <h3>{words.failure.measured}</h3>
              <dl className={styles.pairs}>{measured.map(([name, value]) => <div key={name} style={{ display: 'contents' }}><dt>{fieldName(name)}</dt><dd>{figure(name, value)}</dd></div>)}</dl>
            </div>
          )}
          {changes.length > 0 && (
            <div>
              <h3>{words.failure.change}</h3>
              <dl className={styles.pairs}>
                {changes.map(([name, value]) => (
                  <div key={name} style={{ display: 'contents' }}>
                    <dt>{fieldName(name)}</dt>
                    <dd className={styles.change}>{words.failure.from(valueText(job.config[name] ?? failure.measured?.[name]), valueText(value))}</dd>
                  </div>
                ))}
              </dl>
            </div>
          )}
        </div>
        <Row>
          {changes.length > 0 && (
            <>
              <Button look="primary" disabled={!may} title={why} busy={clone.isPending} onClick={() => clone.mutate({ params: { path: { id: job.id } }, body: { suggested: true } })}>{words.failure.retry}</Button>
              {may && <ButtonLink to="/projects/$projectId/jobs/new" params={params} search={{ from: job.id, suggested: true }}>{words.failure.review}</ButtonLink>}
            </>
          )}
          {changes.length === 0 && may && <ButtonLink to="/projects/$projectId/jobs/new" params={params} search={{ from: job.id }}>{words.failure.cloneOnly}</ButtonLink>}
          <Link to="/projects/$projectId/jobs/$jobId/logs" params={params}>{words.failure.log}</Link>
        </Row>
      </div>
    </section>
  );
}
