import { useState } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../api/client';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { SelectField } from '../parts/Field';
import { ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { deploymentWords } from './words';

/** Adds an export to one of the newest hundred deployments of the project. */
export function AddRevision({ projectId, exportId, onClose }: { projectId: string; exportId: string; onClose: () => void }) {
  const words = useWords(deploymentWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string>();
  const list = api.useQuery('get', '/api/v1/deployments', { params: { query: { projectId, limit: 100 } } });
  const deployments = list.data?.items ?? [];
  const id = chosen ?? deployments[0]?.id;
  const add = api.useMutation('post', '/api/v1/deployments/{id}/revisions', {
    onError: () => undefined,
    onSuccess: () => {
      notify(words.added);
      void invalidate('/api/v1/deployments/{id}/revisions');
      onClose();
      if (id !== undefined) void navigate({ to: '/projects/$projectId/deployments/$deploymentId', params: { projectId, deploymentId: id } });
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.addTo}
      description={words.addToText}
      onSubmit={() => id !== undefined && add.mutate({ params: { path: { id } }, body: { exportId } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" disabled={id === undefined} busy={add.isPending}>{words.add}</Button></>}
    >
      {list.isError ? <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        : list.isPending ? <Skeleton lines={2} />
        : deployments.length === 0 ? <p>{words.none}</p>
        : <SelectField label={words.deployment} value={id ?? ''} onChange={setChosen} options={deployments.map((one) => ({ value: one.id, label: one.name }))} />}
      <ProblemNote error={add.error} />
    </Dialog>
  );
}
