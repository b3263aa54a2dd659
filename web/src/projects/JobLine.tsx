import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { TrainingJob } from '../api/schema';
import { ago, duration, metric } from '../app/format';
import { defineWords, useWords } from '../app/words';
import { Progress } from '../parts/Progress';
import { isUnderWay, progressOf } from '../training/jobs';
import { JobStatus } from '../training/JobStatus';
import styles from './JobLine.module.css';

export const jobLineWords = defineWords({
  en: {
    epoch: (done: number, total: string) => `Epoch ${done} of ${total}`, left: (time: string) => `${time} left`, progress: (name: string) => `Progress of ${name}`,
    ended: (time: string) => `ended ${time}`, waits: 'waits for a free slot of the trainer',
  },
  ko: {
    epoch: (done: number, total: string) => `에포크 ${done} / ${total}`, left: (time: string) => `${time} 남음`, progress: (name: string) => `${name} 진행률`,
    ended: (time: string) => `${time} 종료`, waits: '트레이너의 빈 슬롯을 기다리는 중',
  },
});

/** A training job in a list: name, state, and how far it is. */
export function JobLine({ job, note }: { job: TrainingJob; /** Where it belongs, if that is not clear from the page. */ note?: ReactNode }) {
  const words = useWords(jobLineWords);
  const moving = isUnderWay(job.state);
  const result = job.bestMetrics?.[job.primaryMetric] ?? job.latestMetrics?.[job.primaryMetric];
  const details = [
    job.state === 'running' && words.epoch(job.currentEpoch, job.totalEpochs === null ? '?' : String(job.totalEpochs)),
    job.state === 'running' && job.etaSeconds !== null && words.left(duration(job.etaSeconds)),
    job.state === 'queued' && words.waits,
    result !== undefined && `${job.primaryMetric} ${metric(result)}`,
    !moving && job.completedAt !== null && words.ended(ago(job.completedAt)),
  ].filter(Boolean);
  return (
    <li className={styles.job}>
      <div className={styles.line}>
        <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId: job.projectId, jobId: job.id }} className={styles.name}>{job.name}</Link>
        <JobStatus state={job.state} />
      </div>
      <p className={styles.details}>{note}{note !== undefined && details.length > 0 && ' · '}{details.join(' · ')}</p>
      {moving && <Progress value={progressOf(job)} label={words.progress(job.name)} />}
      {job.state === 'failed' && job.error !== null && <p className={styles.failure}>{job.error.message} <span>{job.error.suggestedAction}</span></p>}
    </li>
  );
}

export const JobLines = ({ children }: { children: ReactNode }) => <ul className={styles.jobs}>{children}</ul>;
