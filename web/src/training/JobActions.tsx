import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, Copy, History, Minus, MoreHorizontal, Play, RotateCcw, Square } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import { useMay } from '../api/permissions';
import type { TrainingJob } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { ConfirmDialog } from '../parts/Dialog';
import { Menu } from '../parts/Menu';
import { notify, notifyProblem } from '../parts/Toast';
import { checkpointsQuery, jobQuery } from './data';
import { hasEnded, jobPriorities } from './jobs';
import { jobWords } from './jobWords';
import { trainingWords } from './words';

/** Puts a new job in the queue and opens it. When it cannot start, for example because of a quota, the job is there and says so. */
export function useStartNew(projectId: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async (job: TrainingJob, done: string): Promise<void> => {
    try {
      await client.POST('/api/v1/training/jobs/{id}/start', { params: { path: { id: job.id } } });
      notify(done);
    } catch (error) {
      notifyProblem(error);
    }
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/jobs'] });
    await navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId, jobId: job.id } });
  };
}

const priorityIcons = { high: <ArrowUp />, normal: <Minus />, low: <ArrowDown /> };

/** What may be done with a job in its state. */
export function JobActions({ job }: { job: TrainingJob }) {
  const words = useWords(jobWords);
  const shared = useWords(trainingWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const may = useMay({ projectId: job.projectId })('training:run');
  const startNew = useStartNew(job.projectId);
  const ended = hasEnded(job.state);
  const checkpoints = useQuery({ ...checkpointsQuery(job.id), enabled: ended });
  const [cancelling, setCancelling] = useState(false);
  const changed = (next: TrainingJob): void => {
    queries.setQueryData(jobQuery(job.id).queryKey, next);
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/jobs'] });
  };
  const path = { params: { path: { id: job.id } } };
  const start = api.useMutation('post', '/api/v1/training/jobs/{id}/start', { onSuccess: (next) => { changed(next); notify(words.started); } });
  const cancel = api.useMutation('post', '/api/v1/training/jobs/{id}/cancel', { onError: () => undefined, onSuccess: (next) => { changed(next); setCancelling(false); notify(words.cancelled); } });
  const restart = api.useMutation('post', '/api/v1/training/jobs/{id}/restart', { onSuccess: (next) => startNew(next, words.restarted) });
  const prioritize = api.useMutation('put', '/api/v1/training/jobs/{id}/priority', { onSuccess: (next) => { changed(next); notify(words.prioritized(shared.priorities[next.priority])); } });
  const last = checkpoints.data?.items.at(-1);
  const why = may ? undefined : words.noRun;
  const clone = (checkpoint?: string): void => void navigate({ to: '/projects/$projectId/jobs/new', params: { projectId: job.projectId }, search: { from: job.id, checkpoint } });
  return (
    <>
      {job.state === 'pending' && <Button look="primary" icon={<Play />} disabled={!may} title={why} busy={start.isPending} onClick={() => start.mutate(path)}>{words.start}</Button>}
      {!ended && <Button icon={<Square />} disabled={!may} title={why} onClick={() => setCancelling(true)}>{words.cancelJob}</Button>}
      {ended && <Button icon={<Copy />} disabled={!may} title={why} onClick={() => clone()}>{words.clone}</Button>}
      <Menu
        label={words.more} trigger={<Button icon={<MoreHorizontal />} aria-label={words.more} />}
        items={[
          ...(ended ? [
            { label: words.restart, icon: <RotateCcw />, disabledBecause: why, onSelect: () => restart.mutate(path) },
            { label: words.resume, icon: <History />, disabledBecause: why ?? (last === undefined ? words.noCheckpoint : undefined), onSelect: () => clone(last && `${last.attempt}-${last.epoch}`) },
          ] : [
            { label: words.clone, icon: <Copy />, disabledBecause: why, onSelect: () => clone() },
            ...jobPriorities.filter((priority) => priority !== job.priority).map((priority) => ({
              label: words.prioritize(shared.priorities[priority]), icon: priorityIcons[priority], disabledBecause: why, onSelect: () => prioritize.mutate({ ...path, body: { priority } }),
            })),
          ]),
        ]}
      />
      <ConfirmDialog open={cancelling} onClose={() => setCancelling(false)} title={words.cancelTitle} confirm={words.cancelJob} busy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate(path)}>
        {words.cancelText(job.name)}
      </ConfirmDialog>
    </>
  );
}
