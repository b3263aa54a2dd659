import { lazy, Suspense, useEffect, useState } from 'react';
import { watch } from '../api/events';
import { asProblem } from '../api/problem';
import type { TrainingJob } from '../api/schema';
import { ErrorState, Skeleton } from '../parts/States';
import type { LogLine } from '../parts/virtual/logs';
import { hasEnded } from './jobs';
import { useJob } from './JobPage';

const LogView = lazy(() => import('../parts/virtual/LogView').then((module) => ({ default: module.LogView })));

type Log = { lines: readonly LogLine[]; complete: boolean; error: unknown };

/** The lines of a job's log from its stream of events: those that are there, and those that come. */
function useLog(jobId: string): Log & { retry: () => void } {
  const [log, setLog] = useState<Log>({ lines: [], complete: false, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const lines: LogLine[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    setLog({ lines: [], complete: false, error: null });
    const show = (complete: boolean): void => {
      clearTimeout(timer);
      timer = undefined;
      setLog({ lines: [...lines], complete, error: null });
    };
    void watch({
      path: `/api/v1/training/jobs/${jobId}/events`,
      signal: stop.signal,
      onEvent: ({ id, event, data }) => {
        if (event === 'log' && id !== null) lines.push({ id, ...(data as Omit<LogLine, 'id'>) });
        // Thousands of lines come at once at the beginning; the page is drawn a few times a second.
        if (event === 'end') show(true);
        else timer ??= setTimeout(() => show(false), 200);
      },
    }).then(() => { if (!stop.signal.aborted) show(true); }, (error: unknown) => setLog((before) => ({ ...before, error })));
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [jobId, round]);
  return { ...log, retry: () => setRound(round + 1) };
}

function download(job: TrainingJob, lines: readonly LogLine[]): void {
  const text = lines.map((line) => `${line.time} ${line.level.padEnd(7)} ${line.message}\n`).join('');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = `${job.name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function JobLogs() {
  const job = useJob();
  return job === undefined ? <Skeleton lines={12} height={20} /> : <Lines job={job} />;
}

function Lines({ job }: { job: TrainingJob }) {
  const { lines, complete, error, retry } = useLog(job.id);
  if (error !== null && lines.length === 0) return <ErrorState error={asProblem(error)} onRetry={retry} />;
  return (
    <Suspense fallback={<Skeleton lines={12} height={20} />}>
      <LogView lines={lines} live={!hasEnded(job.state)} loading={!complete && lines.length === 0} height="max(360px, calc(100vh - 320px))" onDownload={() => download(job, lines)} />
    </Suspense>
  );
}
