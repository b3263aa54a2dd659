import type { TrainingJob } from '../api/schema';
import { ago, duration, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Progress } from '../parts/Progress';
import { bestOf, hasEnded, progressOf, secondsOf } from './jobs';
import { JobStatus } from './JobStatus';
import styles from './Training.module.css';
import { trainingWords } from './words';

/** A training job at a glance: what it trains, how far it is, and its best result. */
export function ExperimentCard({ job, dataset, now }: { job: TrainingJob; dataset: string; now: number }) {
  const words = useWords(trainingWords);
  const seconds = secondsOf(job, now);
  const best = bestOf(job);
  return (
    <article className={styles.card}>
      <header className={styles.cardHead}><h3>{job.name}</h3><JobStatus state={job.state} /></header>
      <p className={styles.cardWhat}>{words.tasks[job.taskType]} · {job.model}{dataset !== '' && ` · ${dataset}`}</p>
      {job.tags.length > 0 && <span className={styles.tags}>{job.tags.map((tag) => <Badge key={tag}>{tag}</Badge>)}</span>}
      <div className={styles.cardProgress}>
        {hasEnded(job.state) ? null : <Progress value={progressOf(job)} label={words.progress} />}
      </div>
      <footer className={styles.cardFoot}>
        <span><small>{job.primaryMetric}</small><b>{metric(best)}</b></span>
        <span><small>{words.progress}</small>{job.totalEpochs === null ? number(job.currentEpoch) : words.epochOf(number(job.currentEpoch), number(job.totalEpochs))}</span>
        <span><small>{words.duration}</small>{seconds === null ? '–' : duration(seconds)}</span>
        <span><small>{words.created}</small>{ago(job.createdAt, now)}</span>
      </footer>
    </article>
  );
}
