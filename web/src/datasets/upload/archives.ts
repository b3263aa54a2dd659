import { UploadProblem, type ArchiveProgress, type UploadApi } from './api';
import type { ChosenFile } from './plan';
import type { Put, Ticket } from './put';
import { retrying, wait } from './retrying';

/** The upload of one archive, from its announcement to its last entry. `run` may be stopped and called again. */
export class ArchiveUpload {
  state: 'waiting' | 'sending' | 'unpacking' | 'done' | 'failed' = 'waiting';
  sent = 0;
  progress: ArchiveProgress | null = null;
  error: string | null = null;
  private announced: (Ticket & { archive: { id: string } }) | null = null;
  private key = crypto.randomUUID();
  private expirations = 0;

  constructor(
    readonly chosen: ChosenFile,
    private readonly api: UploadApi,
    private readonly put: Put,
    private readonly changed: () => void,
  ) {}

  get isOver(): boolean {
    return this.state === 'done' || this.state === 'failed';
  }

  /** Begins anew after a failure. */
  reset(): void {
    [this.state, this.sent, this.progress, this.error, this.announced, this.key, this.expirations] = ['waiting', 0, null, null, null, crypto.randomUUID(), 0];
  }

  /** @throws DOMException `AbortError` when it was stopped. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      if (this.state !== 'unpacking') await this.send(signal);
      this.to('unpacking');
      await this.follow(signal);
    } catch (error) {
      signal.throwIfAborted();
      this.error = error instanceof DOMException && error.name === 'NotReadableError' ? 'unreadable' : UploadProblem.of(error).message;
      this.to('failed');
    }
  }

  /** Ends the upload or the unpacking on the server. */
  async cancel(): Promise<void> {
    if (this.announced && !this.isOver) await this.api.cancelArchive(this.announced.archive.id).catch(() => {});
  }

  private async send(signal: AbortSignal): Promise<void> {
    const { file, path } = this.chosen;
    this.to('sending');
    await retrying(async () => {
      this.announced ??= await this.api.announceArchive({ name: path.slice(path.lastIndexOf('/') + 1), size: file.size }, this.key, signal);
      const status = await this.put(this.announced, file, sent => ((this.sent = sent), this.changed()), signal);
      if (status >= 200 && status < 300) return;
      // The store has the file already: the answer to an earlier try was lost.
      if (status === 412) return;
      // The address has expired. One that was refused three times is refused for another reason.
      if (status === 403 && ++this.expirations < 3) {
        [this.announced, this.key] = [null, crypto.randomUUID()];
        throw new UploadProblem(0, 'EXPIRED', 'The address has expired.');
      }
      throw new UploadProblem(status, 'STORE', `The store answered ${status}.`);
    }, signal);
    this.sent = file.size;
    await retrying(() => this.api.completeArchive(this.announced!.archive.id, signal), signal);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    for (let pause = 500; ; pause = Math.min(4000, pause * 1.5)) {
      this.progress = await retrying(() => this.api.getArchive(this.announced!.archive.id, signal), signal);
      this.changed();
      if (this.progress.state === 'completed') return this.to('done');
      if (this.progress.state !== 'unpacking') {
        this.error = this.progress.error ? `${this.progress.error.message} ${this.progress.error.suggestedAction}`.trim() : this.progress.state;
        return this.to('failed');
      }
      await wait(pause, signal);
    }
  }

  private to(state: ArchiveUpload['state']): void {
    this.state = state;
    this.changed();
  }
}
