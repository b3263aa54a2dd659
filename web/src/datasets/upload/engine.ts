import { problemsByFile, UploadProblem, type UploadApi } from './api';
import { ArchiveUpload } from './archives';
import type { CompletedFiles } from './completed';
import { contentTypeOf, fingerprint, type UploadPlan } from './plan';
import type { Put, Ticket } from './put';
import { Rate, secondsLeft } from './rate';
import { backoff, retrying } from './retrying';

/** Why a file was not taken: a name in the words of the panel, or what the server says. */
export type Reason = { local: 'network' | 'expired' | 'unreadable' | 'empty' } | { detail: string };

type FileState = 'waiting' | 'ready' | 'sending' | 'sent' | 'done' | 'present' | 'failed';

interface Item {
  path: string;
  file: File;
  state: FileState;
  ticket: (Ticket & { uploadId: string }) | null;
  sentBytes: number;
  /** Tries that failed while others succeeded, all tries that failed, and addresses that did not work. */
  tries: number;
  broken: number;
  triedAt: number;
  refreshes: number;
  reason: Reason | null;
}

/** What a person sees of an upload. */
export interface UploadProgress {
  state: 'idle' | 'running' | 'paused' | 'stopped' | 'cancelled' | 'finished';
  /** Why it stopped: a quota, a permission, a server that fails. Resuming tries again. */
  problem: UploadProblem | null;
  waitsForNetwork: boolean;
  files: number;
  done: number;
  present: number;
  failed: number;
  leftOut: number;
  /** Sent, and not yet checked by the server. */
  checking: number;
  bytes: number;
  bytesDone: number;
  bytesPerSecond: number;
  filesPerSecond: number;
  /** Null while unknown. */
  secondsLeft: number | null;
  failures: readonly { path: string; reason: Reason }[];
  archives: readonly { name: string; size: number; state: ArchiveUpload['state']; sent: number; progress: ArchiveUpload['progress']; error: string | null }[];
}

const shownFailures = 200;

/**
 * Uploads files to a dataset: announces them in batches, puts them side by side, and completes them in batches while others are being put. What
 * breaks is tried again; what a file does wrong is told for that file and harms no other.
 */
export class UploadEngine {
  private readonly items: Item[] = [];
  private readonly waiting: Item[] = [];
  private readonly ready: Item[] = [];
  private readonly sending = new Set<Item>();
  private readonly sent: Item[] = [];
  private readonly archives: ArchiveUpload[] = [];
  private readonly counts: Record<FileState, number> = { waiting: 0, ready: 0, sending: 0, sent: 0, done: 0, present: 0, failed: 0 };
  private readonly rate = new Rate();
  private readonly listeners = new Set<() => void>();
  private state: UploadProgress['state'] = 'idle';
  private problem: UploadProblem | null = null;
  private network = false;
  private succeededAt = -1;
  private run = new AbortController();
  private announcing = false;
  private completing = false;
  private unpacking = false;
  private delayed = 0;
  private leftOut = 0;
  private bytes = 0;
  private bytesOver = 0;
  private bytesSent = 0;
  private batch: number;
  private progress: UploadProgress | null = null;
  private notifying: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly datasetId: string,
    private readonly api: UploadApi,
    private readonly put: Put,
    private readonly completed: CompletedFiles,
    private readonly settings: { concurrency: number; announceAtOnce: number; completeAtOnce: number; tries: number } = { concurrency: 8, announceAtOnce: 500, completeAtOnce: 200, tries: 6 },
  ) {
    this.batch = settings.announceAtOnce;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly snapshot = (): UploadProgress => (this.progress ??= this.measure());

  /** Adds files, also while others are under way, and starts. What became images in an earlier upload that was interrupted is skipped. */
  async add(plan: UploadPlan): Promise<void> {
    if (this.state === 'cancelled') return;
    const known = await this.completed.load(this.datasetId);
    this.leftOut += plan.leftOut.length;
    for (const { path, file } of plan.images) {
      const item: Item = { path, file, state: 'waiting', ticket: null, sentBytes: 0, tries: 0, broken: 0, triedAt: 0, refreshes: 0, reason: null };
      this.items.push(item);
      this.counts.waiting++;
      this.bytes += file.size;
      if (known.has(fingerprint(path, file))) this.to(item, 'present');
      else if (file.size === 0) this.refuse(item, { local: 'empty' });
      else this.waiting.push(item);
    }
    this.archives.push(...plan.archives.map(chosen => new ArchiveUpload(chosen, this.api, this.put, () => this.changed())));
    if (this.state === 'idle' || this.state === 'finished') this.start();
    else this.pump();
  }

  /** Stops at once; what is being sent begins again later. */
  pause(): void {
    if (this.state === 'running') this.halt('paused');
  }

  resume(): void {
    if (this.state === 'paused' || this.state === 'stopped') this.start();
  }

  /** Ends the upload. What was sent in full is still completed; the rest is dropped. */
  async cancel(): Promise<void> {
    if (this.state === 'cancelled') return;
    const complete = this.sent.splice(0);
    this.halt('cancelled');
    complete.push(...this.sent.splice(0));
    await Promise.all(this.archives.map(archive => archive.cancel()));
    for (let i = 0; i < complete.length; i += 1000)
      await this.settle(complete.slice(i, i + 1000), new AbortController().signal).catch(() => {});
    this.changed();
  }

  /** Tries failed files again: all, or that of one path. */
  retry(path?: string): void {
    for (const item of this.items)
      if (item.state === 'failed' && (path === undefined || item.path === path) && item.file.size > 0) {
        [item.tries, item.broken, item.refreshes, item.reason] = [0, 0, 0, null];
        this.to(item, 'waiting');
        this.waiting.push(item);
      }
    for (const archive of this.archives) if (archive.state === 'failed' && (path === undefined || archive.chosen.path === path)) archive.reset();
    if (this.state === 'finished') this.start();
    else this.pump();
  }

  private start(): void {
    this.run = new AbortController();
    [this.state, this.problem, this.network] = ['running', null, false];
    this.rate.clear();
    this.changed();
    this.pump();
  }

  private halt(state: 'paused' | 'stopped' | 'cancelled', problem: UploadProblem | null = null): void {
    [this.state, this.problem, this.network] = [state, problem, false];
    this.run.abort(new DOMException('The upload was stopped.', 'AbortError'));
    this.rate.clear();
    this.changed();
  }

  /** Begins whatever can be begun. Called after everything that happens. */
  private pump(): void {
    if (this.state !== 'running') return;
    const { signal } = this.run;
    if (!this.announcing && this.waiting.length > 0 && this.ready.length < this.batch / 2) void this.announce(signal);
    while (this.ready.length > 0 && this.sending.size < this.settings.concurrency) void this.send(this.ready.shift()!, signal);
    const isQuiet = this.sending.size + this.ready.length + this.waiting.length + this.delayed === 0 && !this.announcing;
    if (!this.completing && this.sent.length > 0 && (isQuiet || this.sent.length >= this.settings.completeAtOnce)) void this.complete(signal);
    if (!this.unpacking && this.archives.some(archive => !archive.isOver)) void this.unpack(signal);
    if (isQuiet && this.sent.length === 0 && !this.completing && !this.unpacking) this.finish();
  }

  private finish(): void {
    this.state = 'finished';
    if (this.counts.failed === 0) void this.completed.forget(this.datasetId);
    this.changed();
  }

  private async announce(signal: AbortSignal): Promise<void> {
    const batch = this.waiting.splice(0, this.batch);
    this.announcing = true;
    try {
      const files = batch.map(({ path, file }) => ({ path, size: file.size, contentType: contentTypeOf(path) ?? '' }));
      const answer = await retrying(() => this.api.announce(files, signal), signal, network => this.waitsFor(network));
      const tickets = new Map(answer.uploads.map(upload => [upload.path, upload]));
      const skipped = new Set(answer.skipped);
      for (const item of batch) {
        const ticket = tickets.get(item.path);
        if (ticket) {
          item.ticket = ticket;
          this.to(item, 'ready');
          this.ready.push(item);
        } else if (skipped.has(item.path)) this.to(item, 'present');
        else this.refuse(item, { detail: 'The server did not answer for this file.' });
      }
    } catch (error) {
      this.announceFailed(batch, error, signal);
    } finally {
      this.announcing = false;
    }
    this.pump();
  }

  /** Files that the server names are refused, and the others are announced again without them. */
  private announceFailed(batch: Item[], error: unknown, signal: AbortSignal): void {
    const problem = UploadProblem.of(error);
    const named = problemsByFile(problem.errors);
    const rest = batch.filter((item, i) => {
      const message = signal.aborted ? undefined : named.get(i);
      if (message !== undefined) this.refuse(item, { detail: message });
      return message === undefined;
    });
    this.waiting.unshift(...rest);
    if (signal.aborted || named.size > 0) return;
    if (problem.status === 413 && this.batch > 1) this.batch = Math.ceil(this.batch / 2);
    else this.halt('stopped', problem);
  }

  private async send(item: Item, signal: AbortSignal): Promise<void> {
    const ticket = item.ticket!;
    if (Date.parse(ticket.expiresAt) < Date.now() + 5_000) return this.refresh(item);
    item.triedAt = Date.now();
    this.to(item, 'sending');
    this.sending.add(item);
    try {
      const status = await this.put(ticket, item.file, sent => this.sentSoFar(item, sent), signal);
      this.sending.delete(item);
      this.answered(item, status);
    } catch (error) {
      this.sending.delete(item);
      if (signal.aborted) this.back(item);
      else if (error instanceof DOMException && error.name === 'NotReadableError') this.refuse(item, { local: 'unreadable' });
      else this.again(item, { local: 'network' });
    }
    this.pump();
  }

  private answered(item: Item, status: number): void {
    // 412: the store has the file already, as the answer to an earlier try was lost. The address takes a file once.
    if ((status >= 200 && status < 300) || status === 412) {
      this.sentSoFar(item, item.file.size);
      [item.tries, item.broken, item.sentBytes] = [0, 0, 0];
      this.succeededAt = Date.now();
      this.to(item, 'sent');
      this.sent.push(item);
      this.waitsFor(false);
    } else if (status === 401 || status === 403) this.refresh(item);
    else if (status === 408 || status === 409 || status === 429 || status >= 500) this.again(item, { detail: `The store answered ${status}.` });
    else this.refuse(item, { detail: `The store answered ${status}.` });
  }

  /** Tries a file again after a while, or gives it up. While no file comes through, the network is away, and no file is to blame. */
  private again(item: Item, reason: Reason): void {
    this.sentSoFar(item, 0);
    item.broken++;
    const isOutage = 'local' in reason && this.succeededAt < item.triedAt;
    if (!isOutage && ++item.tries >= this.settings.tries) return this.refuse(item, reason);
    this.waitsFor(isOutage);
    this.to(item, 'ready');
    this.delayed++;
    setTimeout(() => {
      this.delayed--;
      this.back(item);
      this.pump();
    }, backoff(item.broken));
  }

  /** Asks for a new address of a file. */
  private refresh(item: Item): void {
    this.sentSoFar(item, 0);
    if (++item.refreshes > 3) return this.refuse(item, { local: 'expired' });
    item.ticket = null;
    this.to(item, 'waiting');
    this.waiting.unshift(item);
    this.pump();
  }

  private back(item: Item): void {
    this.sentSoFar(item, 0);
    this.to(item, 'ready');
    this.ready.unshift(item);
  }

  private async complete(signal: AbortSignal): Promise<void> {
    const batch = this.sent.splice(0, 1000);
    this.completing = true;
    try {
      // A pause does not break off what the server checks already.
      await retrying(() => this.settle(batch, new AbortController().signal), signal, network => this.waitsFor(network));
    } catch (error) {
      this.sent.unshift(...batch.filter(item => item.state === 'sent'));
      if (!signal.aborted) this.halt('stopped', UploadProblem.of(error));
    } finally {
      this.completing = false;
    }
    this.pump();
  }

  /** Completes uploads and takes the answer for each. */
  private async settle(batch: readonly Item[], signal: AbortSignal): Promise<void> {
    const answer = await this.api.complete(batch.map(item => item.ticket!.uploadId), signal);
    const byId = new Map(batch.map(item => [item.ticket!.uploadId, item]));
    const images: string[] = [];
    for (const { uploadId } of answer.completed) {
      const item = byId.get(uploadId);
      if (!item) continue;
      byId.delete(uploadId);
      images.push(fingerprint(item.path, item.file));
      this.to(item, 'done');
    }
    for (const { uploadId, code, detail, suggestedAction } of answer.failed) {
      const item = byId.get(uploadId);
      if (!item) continue;
      byId.delete(uploadId);
      if (code === 'DUPLICATE_IMAGE') this.to(item, 'present');
      else if (code === 'UPLOAD_NOT_FOUND') this.refresh(item);
      else if (code === 'STORAGE_UNAVAILABLE' && ++item.tries < this.settings.tries) this.sent.push(item);
      else this.refuse(item, { detail: [detail, suggestedAction].filter(Boolean).join(' ') });
    }
    for (const item of byId.values()) this.refuse(item, { detail: 'The server did not answer for this file.' });
    await this.completed.add(this.datasetId, images);
  }

  private async unpack(signal: AbortSignal): Promise<void> {
    this.unpacking = true;
    try {
      for (const archive of this.archives) if (!archive.isOver) await archive.run(signal);
    } catch {
      // Stopped: the archive goes on when the upload does.
    } finally {
      this.unpacking = false;
    }
    this.pump();
  }

  private refuse(item: Item, reason: Reason): void {
    item.reason = reason;
    item.ticket = null;
    this.to(item, 'failed');
  }

  private to(item: Item, state: FileState): void {
    const isOver = (s: FileState) => s === 'sent' || s === 'done' || s === 'present' || s === 'failed';
    this.bytesOver += (Number(isOver(state)) - Number(isOver(item.state))) * item.file.size;
    this.counts[item.state]--;
    this.counts[state]++;
    item.state = state;
    this.changed();
  }

  private sentSoFar(item: Item, bytes: number): void {
    this.bytesSent += Math.max(0, bytes - item.sentBytes);
    item.sentBytes = bytes;
    this.changed();
  }

  private waitsFor(network: boolean): void {
    if (this.network === network) return;
    this.network = network;
    this.changed();
  }

  /** Tells listeners, at most five times a second. */
  private changed(): void {
    this.notifying ??= setTimeout(() => {
      this.notifying = null;
      this.progress = null;
      for (const listener of this.listeners) listener();
    }, 200);
  }

  private measure(): UploadProgress {
    const archives = this.archives.map(({ chosen, state, sent, progress, error }) => ({ name: chosen.path, size: chosen.file.size, state, sent, progress, error }));
    const archiveBytes = archives.reduce((sum, archive) => sum + archive.size, 0);
    const archiveSent = archives.reduce((sum, archive) => sum + (archive.state === 'sending' || archive.state === 'waiting' ? archive.sent : archive.size), 0);
    let underWay = 0;
    for (const item of this.sending) underWay += item.sentBytes;
    const { done, present, failed, sent } = this.counts;
    const [bytes, bytesDone] = [this.bytes + archiveBytes, Math.min(this.bytes, this.bytesOver + underWay) + archiveSent];
    if (this.state === 'running') this.rate.note(Date.now(), this.bytesSent + archiveSent, done + sent);
    const speed = this.state === 'running' ? this.rate.perSecond() : { bytes: 0, files: 0 };
    const left = this.items.length - done - present - failed - sent;
    const failures: { path: string; reason: Reason }[] = [];
    if (failed > 0) for (const item of this.items) if (item.reason && item.state === 'failed' && failures.push({ path: item.path, reason: item.reason }) >= shownFailures) break;
    return {
      state: this.state, problem: this.problem, waitsForNetwork: this.network && this.state === 'running', files: this.items.length, done, present, failed, leftOut: this.leftOut,
      checking: sent, bytes, bytesDone, bytesPerSecond: speed.bytes, filesPerSecond: speed.files,
      secondsLeft: this.state === 'running' ? secondsLeft(speed, bytes - bytesDone, left + archives.filter(archive => archive.state === 'sending' || archive.state === 'waiting').length) : null,
      failures, archives,
    };
  }
}
