import { GitBranch } from 'lucide-react';
import type { Attempt, AttemptState, TrainingJob } from '../api/schema';
import { clock, date, dateTime, duration, number } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator, type Tone } from '../parts/Badge';
import { Card, Facts, Stack } from '../parts/Page';
import { Empty, Skeleton } from '../parts/States';
import styles from './Job.module.css';
import { useNow } from './data';
import { hasEnded } from './jobs';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';

const tones: Record<AttemptState, Tone> = { waiting: 'info', starting: 'info', running: 'accent', completed: 'good', failed: 'bad', cancelled: 'neutral' };
const between = (from: string, to: string | null, now: number): string => duration(((to === null ? now : Date.parse(to)) - Date.parse(from)) / 1000);

/** The attempts of a job with why each ended, and the course of the job. */
export function JobTimeline() {
  const words = useWords(jobWords);
  const job = useJob();
  const now = useNow(job !== undefined && !hasEnded(job.state));
  if (job === undefined) return <Skeleton lines={5} height={32} />;
  return (
    <Stack gap={5}>
      {job.attempts.length === 0
        ? <Card title={words.attempts}><Empty icon={<GitBranch />} title={words.noAttempts}>{words.noAttemptsText}</Empty></Card>
        : job.attempts.toReversed().map((attempt) => <AttemptCard key={attempt.number} attempt={attempt} now={now} />)}
      <Card title={words.happened}><Course job={job} /></Card>
    </Stack>
  );
}

function AttemptCard({ attempt, now }: { attempt: Attempt; now: number }) {
  const words = useWords(jobWords);
  const running = attempt.state === 'running' || attempt.state === 'starting' || attempt.state === 'waiting';
  return (
    <Card title={words.attemptNumber(number(attempt.number))} actions={<StatusIndicator tone={tones[attempt.state]} live={running}>{words.attemptStates[attempt.state]}</StatusIndicator>}>
      <Stack gap={3}>
        <Facts
          items={[
            [words.trainer, attempt.trainer],
            [words.waited, between(attempt.createdAt, attempt.startedAt ?? attempt.endedAt, now)],
            attempt.startedAt === null ? null : [words.ran, between(attempt.startedAt, attempt.endedAt, now)],
            [words.began, attempt.resumedFromEpoch === null ? words.fromBeginning : words.fromEpoch(number(attempt.resumedFromEpoch))],
            attempt.startedAt === null ? null : [words.startedAt, dateTime(attempt.startedAt)],
            attempt.endedAt === null ? null : [words.ended, dateTime(attempt.endedAt)],
          ]}
        />
        {attempt.error !== null && <p className={styles.message}><code>{attempt.error.code}</code> {attempt.error.message} <span className={styles.next}>{attempt.error.suggestedAction}</span></p>}
      </Stack>
    </Card>
  );
}

type Moment = { time: string; tone?: Tone; title: string; text?: string | undefined };

function Course({ job }: { job: TrainingJob }) {
  const words = useWords(jobWords);
  const moments: Moment[] = [
    { time: job.createdAt, title: words.jobCreated },
    ...job.attempts.flatMap((attempt): Moment[] => [
      { time: attempt.startedAt ?? attempt.createdAt, tone: 'accent', title: words.attemptNumber(number(attempt.number)), text: attempt.resumedFromEpoch === null ? words.fromBeginning : words.fromEpoch(number(attempt.resumedFromEpoch)) },
      ...(attempt.endedAt !== null && attempt.error !== null ? [{ time: attempt.endedAt, tone: 'bad' as const, title: `${words.attemptNumber(number(attempt.number))}: ${words.attemptStates.failed}`, text: attempt.error.message }] : []),
    ]),
    ...(job.completedAt !== null && hasEnded(job.state)
      ? [{ time: job.completedAt, tone: job.state === 'completed' ? 'good' as const : job.state === 'failed' ? 'bad' as const : 'neutral' as const, title: words.jobEnded[job.state as 'completed' | 'failed' | 'cancelled'] }] : []),
  ];
  return (
    <ol className={styles.timeline}>
      {moments.sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).map((moment) => (
        <li key={moment.time + moment.title} data-tone={moment.tone}>
          <b>{moment.title}</b>
          <time dateTime={moment.time} title={dateTime(moment.time)}>{date(moment.time)}, {clock(moment.time)}</time>
          {moment.text !== undefined && <p>{moment.text}</p>}
        </li>
      ))}
    </ol>
  );
}
