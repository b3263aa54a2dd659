import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { watch } from '../api/events';
import { asProblem } from '../api/problem';
import type { TrainingJob } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { SelectField, TextField } from '../parts/Field';
import { Stack } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import type { LogLine } from '../parts/virtual/logs';
import { FoundLines } from './FoundLines';
import { hasEnded } from './jobs';
import { useJob } from './JobPage';
import { isFiltered, type LogSearch } from './logSearch';
import { logWords } from './logWords';
import styles from './Training.module.css';

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

const HEIGHT = 'max(360px, calc(100vh - 380px))';
const PAUSE = 300;

function Lines({ job }: { job: TrainingJob }) {
  const words = useWords(logWords);
  const search = useSearch({ from: '/members/projects/$projectId/jobs/$jobId/logs' });
  const navigate = useNavigate({ from: '/projects/$projectId/jobs/$jobId/logs' });
  const set = (change: LogSearch): void => void navigate({ search: (before: LogSearch) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const [text, setText] = useState(search.find ?? '');
  // A search begins when nobody has typed for a moment.
  useEffect(() => {
    const find = text.trim() === '' ? undefined : text;
    if (find === search.find) return;
    const timer = setTimeout(() => set({ find }), PAUSE);
    return () => clearTimeout(timer);
  }, [text, search.find]);
  const clear = (): void => {
    setText('');
    set({ find: undefined, level: undefined, attempt: undefined });
  };
  return (
    <Stack gap={3}>
      <div className={styles.filters}>
        <div className={styles.search}><TextField label={words.find} hideLabel type="search" placeholder={words.find} title={words.findHint} value={text} onChange={(event) => setText(event.target.value)} /></div>
        <SelectField
          label={words.level} hideLabel value={search.level ?? ''} onChange={(level) => set({ level: (level || undefined) as LogSearch['level'] })}
          options={[{ value: '', label: words.allLevels }, { value: 'warning', label: words.warnings }, { value: 'error', label: words.errors }]}
        />
        {job.attempts.length > 1 && (
          <SelectField
            label={words.attempt} hideLabel value={search.attempt === undefined ? '' : String(search.attempt)} onChange={(attempt) => set({ attempt: attempt === '' ? undefined : Number(attempt) })}
            options={[{ value: '', label: words.allAttempts }, ...job.attempts.map(({ number: attempt }) => ({ value: String(attempt), label: words.attemptNumber(number(attempt)) }))]}
          />
        )}
      </div>
      {isFiltered(search) ? <FoundLines key={JSON.stringify(search)} job={job} search={search} height={HEIGHT} onClear={clear} /> : <AllLines job={job} />}
    </Stack>
  );
}

function AllLines({ job }: { job: TrainingJob }) {
  const { lines, complete, error, retry } = useLog(job.id);
  if (error !== null && lines.length === 0) return <ErrorState error={asProblem(error)} onRetry={retry} />;
  return (
    <Suspense fallback={<Skeleton lines={12} height={20} />}>
      <LogView lines={lines} live={!hasEnded(job.state)} loading={!complete && lines.length === 0} height={HEIGHT} onDownload={() => download(job, lines)} />
    </Suspense>
  );
}
