import { useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { PowerOff } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import { apiOrigin } from '../app/config';
import { dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog } from '../parts/Dialog';
import { Card, Page, Stack } from '../parts/Page';
import { ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { Canary } from './Canary';
import { ChangeDialog, type Change } from './ChangeDialog';
import { DeploymentState, isUnderWay } from './DeploymentState';
import { Revisions } from './Revisions';
import { Shadow } from './Shadow';
import { TryIt } from './TryIt';
import { Usage } from './Usage';
import { deploymentWords } from './words';

export function DeploymentPage() {
  const words = useWords(deploymentWords);
  const { projectId, deploymentId } = useParams({ from: '/members/projects/$projectId/deployments/$deploymentId' });
  const may = useMay({ projectId });
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const [change, setChange] = useState<Change>();
  const path = { params: { path: { id: deploymentId } } };
  const deployment = api.useQuery('get', '/api/v1/deployments/{id}', path, {
    // Others may end a canary or a shadow, too.
    refetchInterval: ({ state: { data } }) => (data === undefined ? false : isUnderWay(data.state) ? 1500 : data.canary !== null || data.shadowRevision !== null ? 5000 : false),
  });
  const remove = api.useMutation('delete', '/api/v1/deployments/{id}', {
    onError: () => undefined,
    onSuccess: () => {
      notify(words.removed(deployment.data?.name ?? ''));
      setRemoving(false);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/deployments'] });
      void deployment.refetch();
    },
  });
  if (deployment.isError) return <ErrorState error={deployment.error} onRetry={() => void deployment.refetch()} />;
  if (deployment.data === undefined) return <Page title={words.deployments}><Skeleton lines={6} /></Page>;
  const { data } = deployment;
  const address = `${apiOrigin || window.location.origin}/api/v1/infer/${data.id}`;
  return (
    <Page
      title={data.name}
      subtitle={`${words.created} ${dateTime(data.createdAt)}`}
      badges={<DeploymentState state={data.state} />}
      actions={may('deployments:write') && data.state === 'active' && <Button look="danger" icon={<PowerOff />} onClick={() => setRemoving(true)}>{words.remove}</Button>}
    >
      {data.error && <ProblemNote error={new Error([data.error.message, data.error.suggestedAction].filter(Boolean).join(' '))} />}
      {may('predictions:run') && <TryIt deployment={data} onAnswer={() => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/deployments/{id}/usage'] })} />}
      <Revisions deployment={data} onChange={setChange} />
      {data.canary !== null && <Canary deployment={data} canary={data.canary} onChange={setChange} />}
      <Shadow deployment={data} onChange={setChange} />
      <Usage deploymentId={data.id} />
      <Card title={words.call}>
        <Stack gap={3}><CopyText block text={`curl -s ${address} -H "Authorization: Bearer $DEPLOYMENT_KEY" -H 'Content-Type: image/jpeg' --data-binary @image.jpg`} /></Stack>
      </Card>
      {change !== undefined && <ChangeDialog deployment={data} change={change} onClose={() => setChange(undefined)} />}
      <ConfirmDialog open={removing} onClose={() => setRemoving(false)} title={words.removeTitle} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate(path)}>
        {words.removeText(data.name)}
      </ConfirmDialog>
    </Page>
  );
}
