import type { Annotation } from '../api/schema';
import type { SplitName } from './splits';

/** An image of a version as its manifest says it (trainers/protocol.md). Images of a classification have a class, all others annotations. */
export type ManifestLine = {
  path: string;
  size: number;
  sha256: string;
  width: number;
  height: number;
  class?: string;
  annotations?: Annotation[];
  split: SplitName;
};

/** Larger versions are not read in a browser: their lists would need hundreds of megabytes. */
export const LARGEST_READ = 300_000;

/** The lines of a manifest in batches, as they arrive. Nothing is held that was given out. */
export async function* manifestLines(url: string, signal: AbortSignal): AsyncGenerator<string[]> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`The manifest could not be read: HTTP ${response.status}.`);
  yield* linesOf(await unpacked(response.body));
}

export async function* readManifest(url: string, signal: AbortSignal): AsyncGenerator<ManifestLine[]> {
  for await (const lines of manifestLines(url, signal)) yield lines.map((line) => JSON.parse(line) as ManifestLine);
}

/** Unpacks gzip, unless the store or something on the way said so in a header and the browser has unpacked it already. */
async function unpacked(body: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const first = await reader.read();
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (first.done) controller.close();
      else controller.enqueue(first.value as Uint8Array<ArrayBuffer>);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isPacked = first.value !== undefined && first.value[0] === 0x1f && first.value[1] === 0x8b;
  return isPacked ? whole.pipeThrough(new DecompressionStream('gzip')) : whole;
}

/** Lines of a text that arrives in pieces, the lines of each piece together. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      const whole = lines.filter((line) => line !== '');
      if (whole.length > 0) yield whole;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Finds the lines of single images. The manifest is read once from its beginning, only as far as needed; of what was read, the last lines are kept,
 * because people look at neighbours. An earlier image that is no longer kept is found by beginning anew.
 */
export class ManifestFinder {
  private readonly kept = new Map<string, string>();
  private lines: AsyncGenerator<string[]> | null = null;
  private ended = false;
  private queue: Promise<unknown> = Promise.resolve();

  /** @param open Begins to read the manifest. */
  constructor(private readonly open: () => AsyncGenerator<string[]>, private readonly keep = 20_000) {}

  /** @returns null when the version has no image of this path. */
  find(path: string): Promise<ManifestLine | null> {
    const next = this.queue.then(() => this.search(path));
    this.queue = next.catch(() => undefined);
    return next;
  }

  private async search(path: string): Promise<ManifestLine | null> {
    const known = this.kept.get(path);
    if (known !== undefined) return JSON.parse(known) as ManifestLine;
    // What is ahead first, then all once from the beginning.
    for (let round = this.lines === null || this.ended ? 1 : 0; round < 2; round++) {
      if (round === 1) {
        void this.lines?.return(undefined);
        this.lines = this.open();
        this.ended = false;
        this.kept.clear();
      }
      try {
        for (;;) {
          const batch = await this.lines!.next();
          if (batch.done) break;
          for (const line of batch.value) this.kept.set(pathOf(line), line);
          for (const old of this.kept.keys()) {
            if (this.kept.size <= this.keep || old === path) break;
            this.kept.delete(old);
          }
          const found = this.kept.get(path);
          if (found !== undefined) return JSON.parse(found) as ManifestLine;
        }
        this.ended = true;
      } catch (error) {
        this.lines = null;
        throw error;
      }
    }
    return null;
  }

  close(): void {
    void this.lines?.return(undefined);
    this.lines = null;
  }
}

/** The path of a line without reading the rest of it, which may have thousands of annotations. The path is the first member. */
function pathOf(line: string): string {
  const found = /^\{"path":("(?:[^"\\]|\\.)*")/.exec(line);
  return found?.[1] === undefined ? (JSON.parse(line) as ManifestLine).path : (JSON.parse(found[1]) as string);
}
