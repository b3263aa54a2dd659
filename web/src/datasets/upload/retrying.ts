import { UploadProblem } from './api';

/** Milliseconds before the next try: doubles from half a second to half a minute, with a random part so that clients do not come together. */
export const backoff = (tries: number, random: () => number = Math.random): number => Math.min(30_000, 500 * 2 ** tries) * (0.5 + random() / 2);

/** Waits. @throws DOMException `AbortError` when the signal was aborted. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/**
 * Calls until it succeeds. What is not transient is thrown at once, what a server refuses ten times too; without an answer it goes on, as the
 * network may be away for long.
 * @param onWaiting Told whether it waits for the network.
 */
export async function retrying<T>(call: () => Promise<T>, signal: AbortSignal, onWaiting: (network: boolean) => void = () => {}): Promise<T> {
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    try {
      const answer = await call();
      if (tries > 0) onWaiting(false);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DOMException && error.name === 'NotReadableError') throw error;
      const problem = UploadProblem.of(error);
      if (!problem.isTransient || (problem.status !== 0 && tries >= 9)) throw problem;
      onWaiting(problem.status === 0);
      await wait(problem.retryAfter !== null ? problem.retryAfter * 1000 : backoff(tries), signal);
    }
  }
}
