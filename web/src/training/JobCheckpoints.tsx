import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Download, Hash, History, PackageOpen, Save } from 'lucide-react';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { Checkpoint } from '../api/schema';
import { ago, bytes, dateTime, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Menu } from '../parts/Menu';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { DataTable, type Column } from '../parts/virtual/DataTable';
import { checkpointsQuery } from './data';
import styles from './Job.module.css';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';
import { Section } from './Section';

/** The stored weights of a job, the last ones first. A new job can go on from each. */
export function JobCheckpoints() {
  const words = useWords(jobWords);
  const job = useJob();
  const navigate = useNavigate();
  const may = useMay({ projectId: job?.projectId });
  const checkpoints = useQuery({ ...checkpointsQuery(job?.id ?? ''), enabled: job !== undefined });
  if (job === undefined) return <Skeleton lines={5} height={32} />;
  const all = checkpoints.data?.items ?? [];
  // Several were the best when they were stored; the last of them is.
  const best = all.findLast((checkpoint) => checkpoint.best);
  const last = all.at(-1);
  const resume = (checkpoint: Checkpoint): void => void navigate({ to: '/projects/$projectId/jobs/new', params: { projectId: job.projectId }, search: { from: job.id, checkpoint: `${checkpoint.attempt}-${checkpoint.epoch}` } });
  const columns: Column<Checkpoint>[] = [
    {
      id: 'name', header: words.file, grow: true, width: 260, fixed: true, sortValue: (checkpoint) => checkpoint.name,
      cell: (checkpoint) => <span className={styles.file}><code>{checkpoint.name}</code>{checkpoint === best && <Badge tone="good">{words.best}</Badge>}{checkpoint === last && <Badge tone="accent">{words.latest}</Badge>}</span>,
    },
    { id: 'epoch', header: words.epoch, width: 90, align: 'end', sortValue: (checkpoint) => checkpoint.epoch, cell: (checkpoint) => <span className={styles.number}>{number(checkpoint.epoch)}</span> },
    { id: 'attempt', header: words.attempt, width: 90, align: 'end', sortValue: (checkpoint) => checkpoint.attempt, cell: (checkpoint) => <span className={styles.number}>{number(checkpoint.attempt)}</span> },
    { id: 'metric', header: job.primaryMetric, width: 130, align: 'end', descendingFirst: true, sortValue: (checkpoint) => checkpoint.metrics[job.primaryMetric] ?? null, cell: (checkpoint) => <span className={styles.number}>{metric(checkpoint.metrics[job.primaryMetric])}</span> },
    { id: 'size', header: words.size, width: 110, align: 'end', descendingFirst: true, sortValue: (checkpoint) => checkpoint.size, cell: (checkpoint) => <span className={styles.number}>{bytes(checkpoint.size)}</span> },
    { id: 'stored', header: words.stored, width: 140, align: 'end', descendingFirst: true, sortValue: (checkpoint) => Date.parse(checkpoint.createdAt), cell: (checkpoint) => <time dateTime={checkpoint.createdAt} title={dateTime(checkpoint.createdAt)}>{ago(checkpoint.createdAt)}</time> },
  ];
  return (
    <Section title={words.checkpoints} note={all.length > 0 && words.totalSize(number(all.length), bytes(all.reduce((sum, checkpoint) => sum + checkpoint.size, 0)))}>
      <DataTable
        label={words.checkpoints} rows={all.toReversed()} columns={columns} rowKey={(checkpoint) => `${checkpoint.attempt}/${checkpoint.epoch}`} loading={checkpoints.isPending}
        error={checkpoints.isError && checkpoints.data === undefined ? <ErrorState error={asProblem(checkpoints.error)} onRetry={() => void checkpoints.refetch()} /> : undefined}
        empty={<Empty icon={<Save />} title={words.noCheckpoints}>{words.noCheckpointsText}</Empty>}
        actions={(checkpoint) => (
          <Menu
            label={`${checkpoint.name}`}
            items={[
              { label: words.resumeFrom, icon: <History />, disabledBecause: may('training:run') ? undefined : words.noRun, onSelect: () => resume(checkpoint) },
              { label: words.download, icon: <Download />, onSelect: () => window.open(checkpoint.url, '_self') },
              { label: words.copyHash, icon: <Hash />, onSelect: () => void navigator.clipboard.writeText(checkpoint.sha256).then(() => notify(words.hashCopied)) },
              ...(checkpoint === best && job.modelVersionId !== null && may('exports:read') ? [null, { label: words.exportModel, icon: <PackageOpen />, onSelect: () => void navigate({ to: '/projects/$projectId/exports', params: { projectId: job.projectId } }) }] : []),
            ]}
          />
        )}
      />
    </Section>
  );
}
