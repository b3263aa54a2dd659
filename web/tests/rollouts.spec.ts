import type { Browser, Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, ok, pageOf, test, theAdministrator } from './platform';

/** Settings of a second model that learned little, so that it answers otherwise. */
const BRIEFLY = { epochs: 1, learningRate: 0.00002 };

type Rollout = { projectId: string; deploymentId: string; images: string[] };

let prepared: Promise<Omit<Rollout, 'deploymentId'> & { exports: [string, string] }> | undefined;

/** The export of the demo, one of a model that was trained briefly, and images of the demo. */
function prepare() {
  return (prepared ??= (async () => {
    const { api } = await theAdministrator();
    const project = (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo', sort: 'createdAt' } } }))).items[0]!;
    const job = (await ok(api.GET('/api/v1/training/jobs', { params: { query: { projectId: project.id, state: 'completed' } } }))).items.at(-1)!;
    const brief = await ok(api.POST('/api/v1/training/jobs', {
      body: { projectId: project.id, datasetVersionId: job.datasetVersionId, framework: 'torchvision', model: 'small_cnn', name: 'Trained briefly', config: BRIEFLY },
    }));
    await ok(api.POST('/api/v1/training/jobs/{id}/start', { params: { path: { id: brief.id } } }));
    await expect.poll(async () => (await ok(api.GET('/api/v1/training/jobs/{id}', { params: { path: { id: brief.id } } }))).state, { timeout: 600_000 }).toBe('completed');
    const trained = await ok(api.GET('/api/v1/training/jobs/{id}', { params: { path: { id: brief.id } } }));
    const exports = await Promise.all([job.modelVersionId!, trained.modelVersionId!].map(async (modelVersionId) => {
      const made = (await ok(api.POST('/api/v1/exports', { body: { modelVersionId, formats: ['onnx'] } }))).items[0]!;
      await expect.poll(async () => (await ok(api.GET('/api/v1/exports/{id}', { params: { path: { id: made.id } } }))).state, { timeout: 600_000 }).toBe('completed');
      return made.id;
    }));
    const dataset = (await ok(api.GET('/api/v1/datasets', { params: { query: { projectId: project.id } } }))).items.at(-1)!;
    const listed = await ok(api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: dataset.id }, query: { limit: 60 } } }));
    const images = await Promise.all(listed.items.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer()).toString('base64')));
    return { projectId: project.id, exports: exports as [string, string], images };
  })());
}

/** A deployment of the demo's model, with the briefly trained one as its second revision. */
async function rollout(name: string): Promise<Rollout> {
  const { projectId, exports, images } = await prepare();
  const { api } = await theAdministrator();
  const deployment = await ok(api.POST('/api/v1/deployments', { body: { exportId: exports[0], name } }));
  await expect.poll(async () => (await ok(api.GET('/api/v1/deployments/{id}', { params: { path: { id: deployment.id } } }))).state, { timeout: 200_000 }).toBe('active');
  await ok(api.POST('/api/v1/deployments/{id}/revisions', { params: { path: { id: deployment.id } }, body: { exportId: exports[1] } }));
  return { projectId, deploymentId: deployment.id, images };
}

/** Sends each image in a request of its own, and says which revisions answered. */
async function send({ deploymentId, images }: Rollout): Promise<number[]> {
  const { api } = await theAdministrator();
  const revisions = [];
  for (const image of images) revisions.push((await ok(api.POST('/api/v1/infer/{deploymentId}', { params: { path: { deploymentId } }, body: { images: [image], topK: 3 } }))).revision);
  return revisions;
}

const open = async (browser: Browser, { projectId, deploymentId }: Rollout): Promise<Page> => {
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/deployments/${deploymentId}`);
  return page;
};

const choose = async (page: Page, revision: number, item: string): Promise<void> => {
  await page.getByRole('button', { name: `What to do with revision ${revision}` }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

const value = (page: Page, name: string) => page.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd');

test('a canary is started, watched, given another share and ended', async ({ browser }, info) => {
  test.setTimeout(900_000);
  const made = await rollout('With a canary');
  const page = await open(browser, made);
  await choose(page, 2, 'Start a canary');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('What it cannot answer, revision 1 answers.');
  await dialog.getByLabel('Share of the requests in percent').fill('0');
  await dialog.getByRole('button', { name: 'Start a canary' }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByLabel('Share of the requests in percent').fill('40');
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath('canary-dialog.png') });
  await dialog.getByRole('button', { name: 'Start a canary' }).click();
  await expect(page.getByRole('row', { name: /Canary, 40 %/ })).toBeVisible();

  const before = await counted(page);
  const revisions = await send(made);
  const byCanary = revisions.filter((revision) => revision === 2).length;
  expect(byCanary).toBeGreaterThan(0);
  expect(byCanary).toBeLessThan(revisions.length);
  // The counts begin anew with each hour of the clock.
  await expect.poll(async () => { const now = await counted(page); return now[0] + now[1] > before[0] + before[1]; }).toBe(true);
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath('canary.png'), fullPage: true });

  await page.getByRole('button', { name: 'Change the share' }).click();
  await dialog.getByLabel('Share of the requests in percent').fill('99');
  await dialog.getByRole('button', { name: 'Change the share' }).click();
  await expect(page.getByText('Revision 2 answers 99 % of the requests.').first()).toBeVisible();
  await page.getByRole('button', { name: 'End the canary' }).click();
  await expect(dialog).toContainText('Revision 1 answers all requests.');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('row', { name: /Canary, 99 %/ })).toBeVisible();
  await page.getByRole('button', { name: 'End the canary' }).click();
  await dialog.getByRole('button', { name: 'End the canary' }).click();
  // An open dialog hides the page from roles.
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Canary', exact: true })).toHaveCount(0);
  expect(new Set(await send({ ...made, images: made.images.slice(0, 10) }))).toEqual(new Set([1]));
});

/** Requests of the active revision and of the canary, as the page shows them. */
async function counted(page: Page): Promise<[number, number]> {
  const rows = page.getByRole('region', { name: 'Canary', exact: true }).locator('tbody tr');
  await expect(rows).toHaveCount(2);
  const counts = await rows.locator('td:nth-of-type(1)').allTextContents();
  return [Number(counts[0]), Number(counts[1])];
}

test('a shadow is started, its report followed, and its revision activated from there and rolled back', async ({ browser }, info) => {
  test.setTimeout(900_000);
  const made = await rollout('With a shadow');
  const { api } = await theAdministrator();
  const page = await open(browser, made);
  await choose(page, 2, 'Start a shadow');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Callers notice nothing.');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Start a shadow' }).click();
  await expect(page.getByText('Revision 2 gets copies')).toBeVisible();
  await expect(page.getByText('Nothing compared yet')).toBeVisible();
  await expectAccessible(page);

  expect(new Set(await send(made))).toEqual(new Set([1]));
  await expect(value(page, 'Images compared')).toHaveText(String(made.images.length));
  const report = await ok(api.GET('/api/v1/deployments/{id}/shadow-report', { params: { path: { id: made.deploymentId } } }));
  const comparison = report.comparisons[0]!;
  expect(report.measure).toBe('same_class');
  expect(comparison.differentImages).toBeGreaterThan(0);
  await expect(value(page, 'Images with different answers')).toHaveText(String(comparison.differentImages));
  const pair = comparison.pairs[0]!;
  await expect(page.getByRole('region', { name: 'What they said where they differ' }).locator('tbody tr').first()).toHaveText(`${pair.answer}${pair.shadowAnswer}${pair.count}`);
  const newest = page.getByRole('region', { name: 'Newest images with different answers' });
  await expect(newest.locator('tbody tr')).toHaveCount(Math.min(10, comparison.differences.length));
  await expect(newest).toContainText(comparison.differences[0]!.imageSha256.slice(0, 8));
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath('shadow.png'), fullPage: true });

  await page.getByRole('button', { name: 'Activate revision 2' }).last().click();
  await expect(dialog).toContainText('Revision 2 answers all requests from now on, in place of revision 1.');
  await expect(dialog).toContainText('The shadow ends; what was compared stays.');
  await page.screenshot({ path: info.outputPath('activate.png') });
  await dialog.getByRole('button', { name: 'Activate', exact: true }).click();
  await expect(page.getByText('Ended', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'End the shadow' })).toHaveCount(0);
  await expect(value(page, 'Images compared')).toHaveText(String(made.images.length));
  await expect(page.getByRole('row', { name: /^2 .*Answers/ })).toBeVisible();

  await page.getByRole('button', { name: 'Roll back' }).click();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await expect(page.getByRole('row', { name: /^1 .*Answers(?! before)/ })).toBeVisible();
  await choose(page, 2, 'Start a shadow');
  await dialog.getByRole('button', { name: 'Start a shadow' }).click();
  await page.getByRole('button', { name: 'End the shadow' }).click();
  await expect(page.getByText('Ended', { exact: true })).toBeVisible();
});

test('who may not change a deployment sees the report, a failed report says so, and one revision alone says how to try another', async ({ browser }) => {
  test.setTimeout(900_000);
  const made = await rollout('Only to look at');
  const { api } = await theAdministrator();
  await expect.poll(async () => (await api.PUT('/api/v1/deployments/{id}/shadow', { params: { path: { id: made.deploymentId } }, body: { revision: 2 } })).response.status).toBe(200);
  await expect.poll(async () => (await api.PUT('/api/v1/deployments/{id}/canary', { params: { path: { id: made.deploymentId } }, body: { revision: 2, percent: 5 } })).response.status).toBe(200);
  const page = await pageOf(browser, await theAdministrator(), { width: 390, theme: 'dark', language: 'ko' });
  await page.route(/\/auth\/permissions/, async (route) => {
    const answer = await route.fetch();
    const own = (await answer.json()) as { permissions: string[] };
    await route.fulfill({ response: answer, json: { ...own, permissions: own.permissions.filter((permission) => permission !== 'deployments:write') } });
  });
  const address = `/projects/${made.projectId}/deployments/${made.deploymentId}`;
  await page.goto(address);
  await expect(page.getByText('리비전 2이(가) 사본을 받는 중')).toBeVisible();
  await expect(page.getByText('리비전 2이(가) 요청의 5 %에 응답합니다.')).toBeVisible();
  await expect(page.getByRole('button', { name: /활성화|종료|변경|작업/ })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.route(/shadow-report$/, (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', json: { status: 404, code: 'NOT_FOUND', category: 'user', title: 'Not found' } }));
  await page.reload();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page);

  const owner = await pageOf(browser, await theAdministrator());
  await owner.route(/\/revisions$/, async (route) => {
    const answer = await route.fetch();
    const list = (await answer.json()) as { items: unknown[] };
    await route.fulfill({ response: answer, json: { ...list, items: list.items.slice(-1) } });
  });
  await owner.goto(address);
  await expect(owner.getByText('Add another export to try it here before it answers everybody.')).toBeVisible();
});
