import { test, type Browser, type Page } from '@playwright/test';
import { ok, pageOf, theAdministrator } from '../tests/platform';
import { framesDuring, hover, median, report, scroll, sql } from './measure';

// `--tiny`: small numbers, only to see that it runs.
const tiny = process.env.BENCH_TINY === 'true';
const LOADS = tiny ? 1 : 5;
const SLOWDOWN = 4;
const IMAGES = tiny ? 1_000 : 100_000;
const EPOCHS = tiny ? 50 : 2_000;
const METRICS = 100;
const SECONDS = tiny ? 1 : 4;

const demoProject = async (): Promise<string> => {
  const { api } = await theAdministrator();
  return (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo' } } }))).items[0]!.id;
};

/** Frames of a page with one word while it is scrolled: what this machine and browser reach at most. */
async function emptyPageFrames(browser: Browser): Promise<number> {
  const page = await pageOf(browser, await theAdministrator());
  await page.setContent('<h1>Empty</h1><div style="height:100000px"></div>');
  const { perSecond } = await framesDuring(page, () => scroll(page, 'window', 60, SECONDS));
  await page.context().close();
  return perSecond;
}

/** One load of an address with nothing in the cache and a slow processor. */
async function load(browser: Browser, address: string): Promise<{ fcpMs: number; interactiveMs: number; gzipKb: number }> {
  const page = await pageOf(browser, await theAdministrator());
  page.setDefaultTimeout(60_000);
  await page.addInitScript(() => {
    const seen = { heading: 0, tasks: [] as { end: number }[] };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((entry) => ({ end: entry.startTime + entry.duration })))).observe({ type: 'longtask', buffered: true });
    new MutationObserver((_changes, observer) => {
      if (document.querySelector('h1') === null) return;
      seen.heading = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await page.goto(address);
  await page.locator('h1').first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
  const found = await page.evaluate(() => {
    const { seen } = window as unknown as { seen: { heading: number; tasks: { end: number }[] } };
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')] as PerformanceResourceTiming[];
    return {
      fcpMs: performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
      // When the heading is there and no task of more than 50 ms is left that would hold up a click.
      interactiveMs: Math.max(seen.heading, ...seen.tasks.map((task) => task.end)),
      gzipKb: entries.filter((entry) => new URL(entry.name).origin === location.origin && !entry.name.includes('/api/')).reduce((sum, entry) => sum + entry.encodedBodySize, 0) / 1024,
    };
  });
  await page.context().close();
  return found;
}

async function emptyFcp(browser: Browser): Promise<number> {
  const page = await pageOf(browser, await theAdministrator());
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await page.route('**/empty', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><h1>Empty</h1>' }));
  await page.goto('/empty');
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
  const fcp = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]!.startTime);
  await page.context().close();
  return fcp;
}

test('first-load', async ({ browser }) => {
  const loads = [];
  await load(browser, '/');
  for (let i = 0; i < LOADS; i++) loads.push(await load(browser, '/'));
  report('first-load', {
    fcpMs: median(loads.map((one) => one.fcpMs)), interactiveMs: median(loads.map((one) => one.interactiveMs)), gzipKb: median(loads.map((one) => one.gzipKb)), peerFcpMs: await emptyFcp(browser),
  });
});

test('grid', async ({ browser }) => {
  const { api } = await theAdministrator();
  const projectId = await demoProject();
  const from = (await ok(api.GET('/api/v1/datasets', { params: { query: { projectId } } }))).items[0]!.id;
  const { id } = await ok(api.POST('/api/v1/datasets', { body: { projectId, name: `Grid ${Date.now()}`, taskType: 'image_classification' } }));
  // Each row is an image of the demo under another path; the thumbnails are real objects of the store.
  sql(`INSERT INTO dataset_images (id, dataset_id, path, folded_path, key, thumbnail_key, class, content_type, size, sha256, width, height, created_by, created_at)
    SELECT gen_random_uuid(), '${id}', n || '/' || path, n || '/' || folded_path, key, thumbnail_key, class, content_type, size, sha256, width, height, created_by, created_at
    FROM dataset_images, generate_series(1, 1000) n WHERE dataset_id = '${from}' LIMIT ${IMAGES}; ANALYZE dataset_images`);
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/datasets/${id}`);
  await page.getByRole('gridcell').locator('img').first().waitFor();
  const box = (await page.getByRole('grid').boundingBox())!;
  const { perSecond, longestMs } = await framesDuring(page, async () => {
    await Promise.all([scroll(page, '[role=grid]', 24, SECONDS), hover(page, box, 50 * SECONDS)]);
    await Promise.all([scroll(page, '[role=grid]', 300, SECONDS), hover(page, box, 50 * SECONDS)]);
  });
  report('grid', { images: IMAGES, framesPerSecond: perSecond, longestFrameMs: longestMs, peerFramesPerSecond: await emptyPageFrames(browser) });
});

/** A job that has ended, with as many metric points as a long training with many metrics has. */
async function longJob(): Promise<{ projectId: string; jobId: string }> {
  const { api } = await theAdministrator();
  const projectId = await demoProject();
  const done = (await ok(api.GET('/api/v1/training/jobs', { params: { query: { projectId, state: 'completed' } } }))).items[0]!;
  const job = await ok(api.POST('/api/v1/training/jobs/{id}/clone', { params: { path: { id: done.id } }, body: { name: 'Two hundred thousand points' } }));
  sql(`UPDATE training_jobs SET state = 'completed', current_epoch = ${EPOCHS}, total_epochs = ${EPOCHS}, queued_at = now(), started_at = now(), completed_at = now() WHERE id = '${job.id}';
    INSERT INTO epoch_metrics (job_id, attempt, epoch, metrics, time)
    SELECT '${job.id}', 1, epoch, (SELECT jsonb_object_agg(CASE metric WHEN 1 THEN 'loss' WHEN 2 THEN 'accuracy' ELSE 'layer_' || metric || '_norm' END, 1 / (1 + epoch / 50.0) + 0.1 * sin(epoch * metric)) FROM generate_series(1, ${METRICS}) metric), now()
    FROM generate_series(1, ${EPOCHS}) epoch`);
  return { projectId, jobId: job.id };
}

/** Drags over a part of the first chart, which zooms in, and takes the zoom back. */
async function zoom(page: Page, box: { x: number; y: number; width: number; height: number }): Promise<void> {
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 20 });
  await page.mouse.up();
  await hover(page, box, 100);
  await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
}

test('job-page', async ({ browser }) => {
  const { projectId, jobId } = await longJob();
  const page = await pageOf(browser, await theAdministrator());
  page.setDefaultTimeout(60_000);
  const started = Date.now();
  await page.goto(`/projects/${projectId}/jobs/${jobId}`);
  const chart = page.locator('figure canvas').first();
  await chart.waitFor();
  const shownMs = Date.now() - started;
  const { perSecond, longestMs } = await framesDuring(page, async () => {
    await scroll(page, 'window', 24, SECONDS);
    // Charts out of sight are taken out.
    await page.evaluate(() => window.scrollTo(0, 0));
    await chart.waitFor();
    await chart.scrollIntoViewIfNeeded();
    const box = (await chart.boundingBox())!;
    await hover(page, box, 50 * SECONDS);
    await zoom(page, box);
  });
  report('job-page', { points: EPOCHS * METRICS, shownMs, framesPerSecond: perSecond, longestFrameMs: longestMs, peerFramesPerSecond: await emptyPageFrames(browser) });
});
