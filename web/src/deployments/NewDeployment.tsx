import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Dialog } from '../parts/Dialog';
import { TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { partWords } from '../parts/words';
import { deploymentWords } from './words';

/** Deploys an export, then shows its key, once. */
export function NewDeployment({ projectId, exportId, onClose }: { projectId: string; exportId: string; onClose: () => void }) {
  const words = useWords(deploymentWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const create = api.useMutation('post', '/api/v1/deployments', {
    onError: () => undefined,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/deployments'] }),
  });
  const made = create.data;
  const leave = (): void => {
    onClose();
    if (made !== undefined) void navigate({ to: '/projects/$projectId/deployments/$deploymentId', params: { projectId, deploymentId: made.id } });
  };
  if (made !== undefined)
    return (
      <Dialog open onClose={leave} title={words.keyTitle} description={words.keyText} footer={<Button look="primary" onClick={leave}>{words.done}</Button>}>
        <CopyText block text={made.apiKey ?? ''} />
      </Dialog>
    );
  const fields = create.error === null ? {} : asProblem(create.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.newDeployment}
      onSubmit={() => create.mutate({ body: { exportId, name } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={create.isPending}>{words.create}</Button></>}
    >
      <TextField label={words.name} required autoFocus value={name} error={fields.name} onChange={(event) => setName(event.target.value)} />
      {Object.keys(fields).length === 0 && <ProblemNote error={create.error} />}
    </Dialog>
  );
}
