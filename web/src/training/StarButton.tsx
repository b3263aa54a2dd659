import { Star } from 'lucide-react';
import { useMay } from '../api/permissions';
import type { TrainingJob } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { notifyProblem } from '../parts/Toast';
import styles from './Training.module.css';
import { markWords } from './markWords';
import { useMarkJob } from './useMarkJob';

/** The star of a job, set and taken with a click. */
export function StarButton({ job }: { job: TrainingJob }) {
  const words = useWords(markWords);
  const may = useMay({ projectId: job.projectId })('training:run');
  const mark = useMarkJob(job);
  return (
    <span className={styles.star} data-starred={job.starred || undefined}>
      <Button
        look="quiet" size="small" icon={<Star />} aria-label={words.star(job.name)} aria-pressed={job.starred} disabled={!may} title={may ? words.kept : words.noStar}
        onClick={() => mark.mutate({ starred: !job.starred }, { onError: notifyProblem })}
      />
    </span>
  );
}
