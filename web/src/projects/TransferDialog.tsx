import { api } from '../api/client';
import type { Member } from '../api/schema';
import { useWords } from '../app/words';
import { ConfirmDialog } from '../parts/Dialog';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { projectWords } from './words';

/** Asks before a member becomes the owner of the project. */
export function TransferDialog({ projectId, member, onClose }: { projectId: string; member: Pick<Member, 'userId' | 'fullName' | 'email'>; onClose: () => void }) {
  const words = useWords(projectWords);
  const invalidate = useInvalidate();
  const name = member.fullName ?? member.email;
  const transfer = api.useMutation('post', '/api/v1/projects/{id}/transfer', {
    onError: () => undefined,
    onSuccess: async () => {
      notify(words.transferred(name));
      onClose();
      await invalidate('/api/v1/projects', '/api/v1/projects/{id}', '/api/v1/projects/{id}/members', '/api/v1/auth/permissions');
    },
  });
  return (
    <ConfirmDialog open onClose={onClose} title={words.transferTitle(name)} confirm={words.transfer} busy={transfer.isPending} error={transfer.error} onConfirm={() => transfer.mutate({ params: { path: { id: projectId } }, body: { userId: member.userId } })}>
      <p>{words.transferText}</p>
      <p>{words.transferWarns}</p>
    </ConfirmDialog>
  );
}
