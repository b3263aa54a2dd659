import { client } from '../api/client';
import { asProblem } from '../api/problem';
import type { ImageLayout } from '../api/schema';
import { UploadProblem, type UploadApi } from './upload';

/** What uploads use of the API, for one dataset. `layout` says what the folders mean; without it the server decides by the task. */
export function uploadApiOf(datasetId: string, layout: () => ImageLayout | undefined): UploadApi {
  const path = { id: datasetId };
  return {
    announce: (files, signal) =>
      told(client.POST('/api/v1/datasets/{id}/uploads', { params: { path }, body: { files: files.map((file) => ({ ...file })), onDuplicate: 'skip', ...chosen(layout()) }, signal })),
    complete: (uploadIds, signal) => told(client.POST('/api/v1/datasets/{id}/uploads/complete', { params: { path }, body: { uploadIds: [...uploadIds] }, signal })),
    announceArchive: ({ name, size }, key, signal) =>
      told(client.POST('/api/v1/datasets/{id}/archives', { params: { path, header: { 'Idempotency-Key': key } }, body: { name, size, ...chosen(layout()) }, signal })),
    completeArchive: async (archiveId, signal) => void (await told(client.POST('/api/v1/datasets/{id}/archives/{archiveId}/complete', { params: { path: { ...path, archiveId } }, signal }))),
    getArchive: (archiveId, signal) => told(client.GET('/api/v1/datasets/{id}/archives/{archiveId}', { params: { path: { ...path, archiveId } }, signal })),
    cancelArchive: async (archiveId) => void (await told(client.POST('/api/v1/datasets/{id}/archives/{archiveId}/cancel', { params: { path: { ...path, archiveId } } }))),
  };
}

const chosen = (layout: ImageLayout | undefined): { layout?: ImageLayout } => (layout === undefined ? {} : { layout });

async function told<T>(call: Promise<{ data?: T }>): Promise<T> {
  try {
    return (await call).data as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    const problem = asProblem(error);
    throw new UploadProblem(problem.status, problem.code, [problem.message, problem.problem?.suggestedAction].filter(Boolean).join(' '), problem.problem?.errors ?? {}, problem.retryAfter);
  }
}
