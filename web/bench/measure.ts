import type { Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';

/** Prints the result of a scenario as one line of JSON. */
export function report(scenario: string, figures: Record<string, number>): void {
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(3))]));
  console.log(JSON.stringify({ scenario, ...rounded, load: Number(loadavg()[0]!.toFixed(2)) }));
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Runs SQL in the database of the platform and returns what it prints: measurements need more rows than the API would take in a minute. */
export const sql = (statement: string): string =>
  execFileSync(process.env.BENCH_PSQL ?? 'psql', [process.env.BENCH_WEB_DATABASE_URL ?? '', '-v', 'ON_ERROR_STOP=1', '-qtA', '-c', statement], { encoding: 'utf8' }).trim();

/** Counts the frames that a page gets while something is done with it. */
export async function framesDuring(page: Page, work: () => Promise<void>): Promise<{ perSecond: number; longestMs: number }> {
  await page.evaluate(() => {
    const counted = { times: [] as number[], stopped: false };
    Object.assign(window, { counted });
    const next = (time: number): void => {
      counted.times.push(time);
      if (!counted.stopped) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await work();
  const times = await page.evaluate(() => {
    const { counted } = window as unknown as { counted: { times: number[]; stopped: boolean } };
    counted.stopped = true;
    return counted.times;
  });
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  return { perSecond: (gaps.length * 1000) / (times.at(-1)! - times[0]!), longestMs: Math.max(...gaps) };
}

/** Scrolls an element by so many pixels in each frame, down and up again in turns. */
export const scroll = (page: Page, selector: string, pixels: number, seconds: number): Promise<void> =>
  page.evaluate(
    ([where, step, duration]) =>
      new Promise<void>((done) => {
        const element = where === 'window' ? document.scrollingElement! : document.querySelector(where)!;
        const end = performance.now() + duration * 1000;
        let direction = 1;
        const next = (): void => {
          const before = element.scrollTop;
          element.scrollTop += direction * step;
          if (element.scrollTop === before) direction = -direction;
          if (performance.now() < end) requestAnimationFrame(next);
          else done();
        };
        requestAnimationFrame(next);
      }),
    [selector, pixels, seconds] as const,
  );

/** Moves the pointer over an area, back and forth. */
export async function hover(page: Page, box: { x: number; y: number; width: number; height: number }, moves: number): Promise<void> {
  for (let i = 0; i < moves; i++) {
    const along = Math.abs(((i / 20) % 2) - 1);
    await page.mouse.move(box.x + along * box.width, box.y + box.height * (0.3 + 0.4 * along));
  }
}
