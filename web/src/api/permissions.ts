import { useQuery } from '@tanstack/react-query';
import { api } from './client';
import { useSession } from './useSession';

/** What the signed-in person may do, as the server says: on the platform, and in a project or dataset if one is given. */
export function usePermissions({ projectId, datasetId }: { projectId?: string | undefined; datasetId?: string | undefined } = {}) {
  const signedIn = useSession() !== null;
  return useQuery({
    ...api.queryOptions('get', '/api/v1/auth/permissions', { params: { query: { ...(projectId ? { projectId } : {}), ...(datasetId ? { datasetId } : {}) } } }),
    staleTime: 60_000,
    enabled: signedIn,
  });
}

/** `const may = useMay({projectId}); may('training:run')`: false until the answer is there. */
export function useMay(where: { projectId?: string | undefined; datasetId?: string | undefined } = {}): (permission: string) => boolean {
  const held = usePermissions(where).data?.permissions;
  return (permission) => held?.includes(permission) ?? false;
}
