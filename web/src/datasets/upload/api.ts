import type { Ticket } from './put';

/** The part of the API that uploads use, to be made on the console's client. Failures are thrown as {@link UploadProblem}. */
export interface UploadApi {
  announce: (files: readonly AnnouncedFile[], signal: AbortSignal) => Promise<{ uploads: readonly (Ticket & { uploadId: string; path: string })[]; skipped: readonly string[] }>;
  complete: (uploadIds: readonly string[], signal: AbortSignal) => Promise<{ completed: readonly { uploadId: string }[]; failed: readonly FailedUpload[] }>;
  announceArchive: (archive: { name: string; size: number }, idempotencyKey: string, signal: AbortSignal) => Promise<Ticket & { archive: { id: string } }>;
  completeArchive: (archiveId: string, signal: AbortSignal) => Promise<void>;
  getArchive: (archiveId: string, signal: AbortSignal) => Promise<ArchiveProgress>;
  cancelArchive: (archiveId: string) => Promise<void>;
}

/** Announced with `onDuplicate: skip`. */
export interface AnnouncedFile {
  path: string;
  size: number;
  contentType: string;
}

export interface FailedUpload {
  uploadId: string;
  path: string | null;
  code: string;
  detail: string;
  suggestedAction: string;
}

export interface ArchiveProgress {
  id: string;
  state: 'announced' | 'unpacking' | 'completed' | 'failed' | 'cancelled' | 'expired';
  entries: number | null;
  done: number;
  taken: number;
  skipped: number;
  refused: number;
  error: { message: string; suggestedAction: string } | null;
}

/** A failed request. `status` 0: no answer came. */
export class UploadProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Messages by field, such as `files[3].path`. */
    readonly errors: Readonly<Record<string, readonly string[]>> = {},
    /** Seconds after which to come again. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** A failure of any kind as one of these. */
  static of(error: unknown): UploadProblem {
    if (error instanceof UploadProblem) return error;
    return new UploadProblem(0, 'NO_ANSWER', error instanceof Error ? error.message : String(error));
  }
}

/** Messages of a refused announcement by the index of the file. */
export function problemsByFile(errors: UploadProblem['errors']): Map<number, string> {
  const found = new Map<number, string>();
  for (const [field, messages] of Object.entries(errors)) {
    const index = /^files\[(\d+)\]/.exec(field)?.[1];
    if (index !== undefined && !found.has(Number(index))) found.set(Number(index), messages[0] ?? '');
  }
  return found;
}
