import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UploadProblem, type AnnouncedFile, type FailedUpload, type UploadApi } from './api';
import type { CompletedFiles } from './completed';
import { UploadEngine } from './engine';
import { fingerprint, planOf } from './plan';
import type { Put } from './put';

/** A server and a store that do as they are told. */
class Server {
  announced: string[][] = [];
  completions: string[][] = [];
  puts: string[] = [];
  sendingAtOnce = 0;
  mostAtOnce = 0;
  images = new Set<string>();
  stored = new Set<string>();
  lifetimeMs = 3600_000;
  beforeAnnounce: (files: readonly AnnouncedFile[]) => void = () => {};
  beforePut: (path: string, tries: number) => number | Promise<number> = () => 200;
  beforeComplete: (ids: readonly string[]) => void = () => {};
  refuse: (path: string) => Partial<FailedUpload> | null = () => null;
  private tries = new Map<string, number>();

  api: UploadApi = {
    announce: async files => {
      this.beforeAnnounce(files);
      this.announced.push(files.map(file => file.path));
      const skipped = files.filter(file => this.images.has(file.path)).map(file => file.path);
      return {
        skipped,
        uploads: files.filter(file => !this.images.has(file.path)).map(file => ({
          uploadId: `id:${file.path}`, path: file.path, url: file.path, method: 'PUT', headers: {}, expiresAt: new Date(Date.now() + this.lifetimeMs).toISOString(),
        })),
      };
    },
    complete: async ids => {
      this.beforeComplete(ids);
      this.completions.push([...ids]);
      const failed: FailedUpload[] = [];
      const completed: { uploadId: string }[] = [];
      for (const uploadId of ids) {
        const path = uploadId.slice(3);
        const refusal = this.stored.has(path) ? this.refuse(path) : { code: 'UPLOAD_NOT_FOUND', detail: 'never put' };
        if (refusal) failed.push({ uploadId, path, code: 'NOT_AN_IMAGE', detail: 'It is no image.', suggestedAction: 'Remove it.', ...refusal });
        else {
          this.images.add(path);
          completed.push({ uploadId });
        }
      }
      return { completed, failed };
    },
    announceArchive: async archive => ({ archive: { id: 'a' }, url: archive.name, method: 'PUT', headers: {}, expiresAt: new Date(Date.now() + 1e6).toISOString() }),
    completeArchive: async () => {},
    getArchive: async () => ({ id: 'a', state: 'completed', entries: 3, done: 3, taken: 2, skipped: 1, refused: 0, error: null }),
    cancelArchive: async () => {},
  };

  put: Put = async (ticket, file, onProgress, signal) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.sendingAtOnce);
    try {
      const tries = (this.tries.get(ticket.url) ?? 0) + 1;
      this.tries.set(ticket.url, tries);
      this.puts.push(ticket.url);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, 10);
        signal.addEventListener('abort', () => (clearTimeout(timer), reject(new DOMException('', 'AbortError'))));
      });
      onProgress(file.size / 2);
      const status = await this.beforePut(ticket.url, tries);
      if (status === 200) this.stored.add(ticket.url);
      return status;
    } finally {
      this.sendingAtOnce--;
    }
  };
}

class Remembered implements CompletedFiles {
  known = new Set<string>();
  load = async () => new Set(this.known);
  add = async (_: string, fingerprints: readonly string[]) => fingerprints.forEach(f => this.known.add(f));
  forget = async () => this.known.clear();
}

const file = (path: string, size = 100) => ({ path, file: new File(['x'.repeat(size)], path, { lastModified: 7 }) });
const files = (count: number) => Array.from({ length: count }, (_, i) => file(`cat/${i}.png`));

let server: Server;
let remembered: Remembered;
const engineOf = (settings?: Partial<{ concurrency: number; announceAtOnce: number; completeAtOnce: number; tries: number }>) =>
  new UploadEngine('set', server.api, server.put, remembered, { concurrency: 4, announceAtOnce: 50, completeAtOnce: 20, tries: 4, ...settings });

/** Lets everything happen until the upload is over, or for a given time. */
async function go(engine: UploadEngine, ms = 10 * 60_000): Promise<void> {
  for (let at = 0; at < ms; at += 250) {
    await vi.advanceTimersByTimeAsync(250);
    if (['finished', 'stopped', 'cancelled'].includes(engine.snapshot().state)) break;
  }
  await vi.advanceTimersByTimeAsync(250);
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  remembered = new Remembered();
});
afterEach(() => vi.useRealTimers());

describe('an upload', () => {
  it('announces and completes in batches, and sends no more at once than it may', async () => {
    const engine = engineOf();
    await engine.add(planOf(files(130)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', files: 130, done: 130, failed: 0, checking: 0, bytes: 13_000, bytesDone: 13_000 });
    expect(server.announced.map(batch => batch.length)).toEqual([50, 50, 30]);
    expect(server.mostAtOnce).toBe(4);
    expect(server.completions.every(batch => batch.length <= 1000)).toBe(true);
    expect(server.completions.flat()).toHaveLength(130);
    expect(server.completions.length).toBeLessThan(10);
  });
  it('of 10,000 files never has more addresses than it soon uses', async () => {
    let [open, most] = [0, 0];
    const { announce } = server.api;
    server.api.announce = async (list, signal) => {
      open += list.length;
      most = Math.max(most, open);
      return announce(list, signal);
    };
    server.beforePut = () => (open--, 200);
    const engine = engineOf({ concurrency: 50, announceAtOnce: 500, completeAtOnce: 200 });
    await engine.add(planOf(Array.from({ length: 10_000 }, (_, i) => file(`a/${i}.jpg`, 1))));
    await go(engine);
    expect(engine.snapshot().done).toBe(10_000);
    expect(most).toBeLessThan(1000);
  });
  it('counts what the dataset has already as present', async () => {
    server.images = new Set(['cat/0.png', 'cat/1.png']);
    const engine = engineOf();
    await engine.add(planOf(files(5)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 3, present: 2 });
    expect(server.puts).toHaveLength(3);
  });
  it('without files is finished', async () => {
    const engine = engineOf();
    await engine.add(planOf([file('notes.txt')]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', files: 0, leftOut: 1 });
  });
});

describe('what breaks', () => {
  it('is tried again with pauses while others go on', async () => {
    server.beforePut = (path, tries) => {
      if (path === 'cat/3.png' && tries < 4) return tries === 1 ? 503 : Promise.reject(new TypeError('broken'));
      return 200;
    };
    const engine = engineOf({ tries: 6 });
    await engine.add(planOf(files(10)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 10, failed: 0 });
    expect(server.puts.filter(path => path === 'cat/3.png')).toHaveLength(4);
  });
  it('again and again for one file is given up, and can be tried by hand', async () => {
    let works = false;
    server.beforePut = path => (path === 'cat/2.png' && !works ? 500 : 200);
    const engine = engineOf();
    await engine.add(planOf(files(6)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 5, failed: 1, failures: [{ path: 'cat/2.png', reason: { detail: 'The store answered 500.' } }] });
    expect(server.puts.filter(path => path === 'cat/2.png')).toHaveLength(4);
    works = true;
    engine.retry('cat/2.png');
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 6, failed: 0, failures: [] });
  });
  it('for all files is the network: it waits as long as that takes', async () => {
    let away = true;
    server.beforePut = () => (away ? Promise.reject(new TypeError('broken')) : 200);
    const engine = engineOf();
    await engine.add(planOf(files(5)));
    await go(engine, 8 * 60_000);
    expect(engine.snapshot()).toMatchObject({ state: 'running', failed: 0, waitsForNetwork: true });
    away = false;
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 5, waitsForNetwork: false });
  });
  it('in the API is tried again, and stops the upload when it goes on', async () => {
    let left = 3;
    server.beforeAnnounce = () => {
      if (left-- > 0) throw new UploadProblem(503, 'DATABASE_UNAVAILABLE', 'away');
    };
    const engine = engineOf();
    await engine.add(planOf(files(3)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 3 });
    left = 1000;
    await engine.add(planOf([file('dog/1.png')]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'stopped', problem: { code: 'DATABASE_UNAVAILABLE' } });
    left = 0;
    engine.resume();
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 4 });
  });
  it('while completing is completed again, and no file is sent twice', async () => {
    let left = 2;
    server.beforeComplete = () => {
      if (left-- > 0) throw new TypeError('broken');
    };
    const engine = engineOf();
    await engine.add(planOf(files(8)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 8 });
    expect(server.puts).toHaveLength(8);
  });
  it('in the store for a moment is completed again for the files concerned', async () => {
    let left = 2;
    server.refuse = path => (path === 'cat/1.png' && left-- > 0 ? { code: 'STORAGE_UNAVAILABLE', detail: 'away' } : null);
    const engine = engineOf();
    await engine.add(planOf(files(3)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 3, failed: 0 });
  });
});

describe('what is wrong with a file', () => {
  it('is told for that file when the server names it, and the others are announced without it', async () => {
    server.beforeAnnounce = list => {
      const bad = list.findIndex(f => f.path === 'cat/con.png');
      if (bad >= 0) throw new UploadProblem(422, 'INVALID_PATH', 'A path is not allowed.', { [`files[${bad}].path`]: ["'con' is reserved."] });
    };
    const engine = engineOf();
    await engine.add(planOf([...files(3), file('cat/con.png'), file('cat/z.png')]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 4, failures: [{ path: 'cat/con.png', reason: { detail: "'con' is reserved." } }] });
  });
  it('is told when the server finds that it is no image', async () => {
    server.refuse = path => (path === 'cat/1.png' ? {} : null);
    const engine = engineOf();
    await engine.add(planOf(files(3)));
    await go(engine);
    expect(engine.snapshot().failures).toEqual([{ path: 'cat/1.png', reason: { detail: 'It is no image. Remove it.' } }]);
  });
  it('is known at once when it is empty, and it is not tried again', async () => {
    const engine = engineOf();
    await engine.add(planOf([file('cat/0.png', 0), file('cat/1.png')]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ done: 1, failures: [{ path: 'cat/0.png', reason: { local: 'empty' } }] });
    engine.retry();
    await go(engine);
    expect(engine.snapshot().failed).toBe(1);
  });
  it('is told when it can no longer be read', async () => {
    server.beforePut = path => (path === 'cat/1.png' ? Promise.reject(new DOMException('', 'NotReadableError')) : 200);
    const engine = engineOf();
    await engine.add(planOf(files(2)));
    await go(engine);
    expect(engine.snapshot().failures).toEqual([{ path: 'cat/1.png', reason: { local: 'unreadable' } }]);
  });
});

describe('addresses', () => {
  it('that expired are asked for again', async () => {
    server.beforePut = (path, tries) => (path === 'cat/1.png' && tries === 1 ? 403 : 200);
    const engine = engineOf();
    await engine.add(planOf(files(3)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 3 });
    expect(server.announced).toEqual([['cat/0.png', 'cat/1.png', 'cat/2.png'], ['cat/1.png']]);
  });
  it('that are about to expire are not used', async () => {
    server.lifetimeMs = 1000;
    const engine = engineOf();
    await engine.add(planOf(files(1)));
    await vi.advanceTimersByTimeAsync(20);
    server.lifetimeMs = 3600_000;
    await go(engine);
    expect(server.puts).toHaveLength(server.stored.size);
  });
  it('that never work are given up', async () => {
    server.beforePut = () => 403;
    const engine = engineOf();
    await engine.add(planOf(files(1)));
    await go(engine);
    expect(engine.snapshot().failures).toEqual([{ path: 'cat/0.png', reason: { local: 'expired' } }]);
  });
  it('under which the file is already count as sent', async () => {
    server.stored.add('cat/0.png');
    server.beforePut = () => 412;
    const engine = engineOf();
    await engine.add(planOf(files(1)));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 1 });
  });
});

describe('a person', () => {
  it('pauses, and no file begins or is lost; resuming sends the rest', async () => {
    const engine = engineOf();
    await engine.add(planOf(files(60)));
    await vi.advanceTimersByTimeAsync(35);
    engine.pause();
    await vi.advanceTimersByTimeAsync(50);
    const before = server.puts.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(engine.snapshot().state).toBe('paused');
    expect(server.puts).toHaveLength(before);
    expect(server.sendingAtOnce).toBe(0);
    engine.resume();
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', done: 60, failed: 0 });
  });
  it('cancels: what was sent becomes images, nothing else is sent', async () => {
    const engine = engineOf({ completeAtOnce: 1000 });
    await engine.add(planOf(files(60)));
    await vi.advanceTimersByTimeAsync(35);
    const sent = server.stored.size;
    expect(sent).toBeGreaterThan(0);
    await engine.cancel();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(engine.snapshot()).toMatchObject({ state: 'cancelled', done: sent });
    expect(server.images.size).toBe(sent);
    expect(server.stored.size).toBe(sent);
  });
  it('drops the folder again after a reload, and what is done is not sent again', async () => {
    const engine = engineOf({ completeAtOnce: 4 });
    await engine.add(planOf(files(40)));
    while (server.images.size < 8) await vi.advanceTimersByTimeAsync(10);
    engine.pause();
    await vi.advanceTimersByTimeAsync(100);
    const done = server.images.size;
    expect(remembered.known.size).toBe(done);
    const announced = server.announced.length;
    const next = engineOf();
    const changed = file('cat/0.png', 101);
    await next.add(planOf([changed, ...files(40).slice(1)]));
    await go(next);
    // The changed file is another one. The server still has its path.
    expect(next.snapshot()).toMatchObject({ state: 'finished', done: 40 - done, present: done });
    expect(server.announced.slice(announced).flat()).toContain('cat/0.png');
    expect(server.announced.slice(announced).flat()).toHaveLength(40 - done + 1);
  });
  it('uploads again after an upload that ended well, and nothing is skipped unasked', async () => {
    const engine = engineOf();
    await engine.add(planOf(files(3)));
    await go(engine);
    expect(remembered.known.size).toBe(0);
    server.images.clear();
    const next = engineOf();
    await next.add(planOf(files(3)));
    await go(next);
    expect(next.snapshot().done).toBe(3);
  });
  it('adds files while others are under way', async () => {
    const engine = engineOf();
    await engine.add(planOf(files(30)));
    await vi.advanceTimersByTimeAsync(25);
    await engine.add(planOf([file('dog/1.png')]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ files: 31, done: 31 });
  });
  it('sees speed and the time that is left', async () => {
    const engine = engineOf({ concurrency: 1 });
    await engine.add(planOf(files(400)));
    let halfway = engine.snapshot();
    while (halfway.bytesDone < 20_000) {
      await vi.advanceTimersByTimeAsync(250);
      halfway = engine.snapshot();
    }
    expect(halfway.filesPerSecond).toBeGreaterThan(80);
    expect(halfway.filesPerSecond).toBeLessThan(110);
    expect(halfway.secondsLeft).toBeGreaterThan(1);
    expect(halfway.secondsLeft).toBeLessThan(3);
  });
});

describe('an archive', () => {
  it('is sent, completed and followed to its end', async () => {
    const engine = engineOf();
    await engine.add(planOf([file('plates.zip', 5000)]));
    await go(engine);
    expect(engine.snapshot()).toMatchObject({ state: 'finished', bytes: 5000, bytesDone: 5000, archives: [{ name: 'plates.zip', state: 'done', progress: { taken: 2, skipped: 1 } }] });
  });
  it('goes on after a pause', async () => {
    const engine = engineOf();
    await engine.add(planOf([file('plates.zip', 5000)]));
    await vi.advanceTimersByTimeAsync(5);
    engine.pause();
    await vi.advanceTimersByTimeAsync(50);
    expect(engine.snapshot().state).toBe('paused');
    engine.resume();
    await go(engine);
    expect(engine.snapshot().archives[0]!.state).toBe('done');
  });
  it('that fails says why, and can be tried again', async () => {
    const good = server.api.getArchive;
    server.api.getArchive = async () => ({ id: 'a', state: 'failed', entries: null, done: 0, taken: 0, skipped: 0, refused: 0, error: { message: 'The archive is damaged.', suggestedAction: 'Make it anew.' } });
    const engine = engineOf();
    await engine.add(planOf([file('plates.zip', 5000)]));
    await go(engine);
    expect(engine.snapshot().archives[0]).toMatchObject({ state: 'failed', error: 'The archive is damaged. Make it anew.' });
    server.api.getArchive = good;
    engine.retry();
    await go(engine);
    expect(engine.snapshot().archives[0]!.state).toBe('done');
  });
});

it('fingerprints tell versions of a file apart', () => {
  const a = new File(['a'], 'a', { lastModified: 1 });
  expect(fingerprint('p', a)).not.toBe(fingerprint('p', new File(['a'], 'a', { lastModified: 2 })));
  expect(fingerprint('p', a)).not.toBe(fingerprint('q', a));
});
