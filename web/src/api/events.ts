import { apiOrigin } from '../app/config';
import { authorizedFetch } from './client';
import { ProblemError } from './problem';

/** One event of a stream (server-sent events, or one of a page when it is polled). */
export type StreamEvent = { id: number | null; event: string; data: unknown };

type Watch = {
  /** Path of the events, such as `/api/v1/training/jobs/…/events`. */
  path: string;
  /** Only events with larger ids. */
  after?: number;
  signal: AbortSignal;
  onEvent: (event: StreamEvent) => void;
  /** Tells whether events arrive at the moment. */
  onConnection?: (connected: boolean) => void;
};

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const SILENCE = 45_000;
const POLL_SECONDS = 20;

/**
 * Follows a stream until its event `end`, or until the signal aborts. Reconnects where it stopped. Where something on the way holds responses back
 * (two connections in a row that bring nothing), it asks for pages instead.
 * @throws ProblemError when the server refuses: it does not exist, or the caller may not read it.
 */
export async function watch({ path, after = 0, signal, onEvent, onConnection }: Watch): Promise<void> {
  let position = after;
  let pause = FIRST_PAUSE;
  let silent = 0;
  const take = (event: StreamEvent): boolean => {
    if (event.id !== null) position = event.id;
    onEvent(event);
    return event.event === 'end';
  };
  while (!signal.aborted) {
    let received = false;
    try {
      const ended =
        silent < 2
          ? await stream(path, position, signal, () => { received = true; pause = FIRST_PAUSE; onConnection?.(true); }, take)
          : await poll(path, position, signal, () => { received = true; pause = FIRST_PAUSE; onConnection?.(true); }, take);
      if (ended) return;
      silent = received ? (silent < 2 ? 0 : silent) : silent + 1;
      if (received) continue;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ProblemError && !error.isTransient) throw error;
      if (!received) silent = error instanceof SilentStream ? silent + 1 : silent;
    }
    onConnection?.(false);
    await sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

class SilentStream extends Error {}

async function stream(path: string, after: number, signal: AbortSignal, onBytes: () => void, take: (event: StreamEvent) => boolean): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(new SilentStream()), SILENCE);
  try {
    const response = await authorizedFetch(
      new Request(url(path), {
        headers: { Accept: 'text/event-stream', ...(after > 0 ? { 'Last-Event-ID': String(after) } : {}) },
        signal: AbortSignal.any([signal, silence.signal]),
      }),
    );
    if (!response.ok) throw await ProblemError.from(response);
    if (response.body === null) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new SilentStream()), SILENCE);
      onBytes();
      for (const event of parser.push(value)) if (take(event)) return true;
    }
  } catch (error) {
    if (silence.signal.aborted) throw new SilentStream();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function poll(path: string, after: number, signal: AbortSignal, onBytes: () => void, take: (event: StreamEvent) => boolean): Promise<boolean> {
  const response = await authorizedFetch(new Request(`${url(path)}?after=${after}&wait=${POLL_SECONDS}`, { headers: { Accept: 'application/json' }, signal }));
  if (!response.ok) throw await ProblemError.from(response);
  const page = (await response.json()) as { items: { id: number; type: string; data: unknown }[]; ended?: boolean };
  onBytes();
  for (const { id, type, data } of page.items) if (take({ id, event: type, data })) return true;
  if (page.ended === true) {
    take({ id: null, event: 'end', data: {} });
    return true;
  }
  return false;
}

/** Splits the text of a stream into its events, whatever pieces it arrives in. Comments are left out. */
export class EventParser {
  private rest = '';
  private id: number | null = null;
  private event = 'message';
  private data: string[] = [];

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.data.length > 0) events.push({ id: this.id, event: this.event, data: JSON.parse(this.data.join('\n')) as unknown });
        this.id = null;
        this.event = 'message';
        this.data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
      if (field === 'data') this.data.push(value);
      else if (field === 'event') this.event = value;
      else if (field === 'id') this.id = Number.isFinite(Number(value)) ? Number(value) : null;
    }
    return events;
  }
}

const url = (path: string): string => `${apiOrigin || window.location.origin}${path}`;

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
