import type { Page } from '@playwright/test';
import type { BatchPrediction, NewPrediction, PredictedImageDetail, PredictedImagePage } from '../src/api/schema';
import { expect, expectAccessible, expectNoSidewaysScroll, newPerson, ok, pageOf, test, theAdministrator } from './platform';

/** The project that the demo left, its dataset version and its first model version. */
async function demo() {
  const { api } = await theAdministrator();
  const project = (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo' } } }))).items[0]!;
  const model = (await ok(api.GET('/api/v1/models', { params: { query: { projectId: project.id, sort: 'createdAt' } } }))).items[0]!;
  const version = (await ok(api.GET('/api/v1/models/{id}/versions', { params: { path: { id: model.id } } }))).items.at(-1)!;
  return { projectId: project.id, model, version };
}

test('a model version predicts a dataset version, and the result is summed up', async ({ browser }) => {
  const { projectId, model, version } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/models/${model.id}?version=${version.number}`);
  await page.getByRole('link', { name: 'Predict a dataset' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Choose a dataset version first')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Start prediction' })).toBeDisabled();
  await dialog.getByLabel('Dataset version').selectOption(version.datasetVersionId);
  await expect(dialog.getByLabel('Version of the model')).toHaveValue(version.id);
  await dialog.getByLabel('Images', { exact: true }).selectOption('test');
  await dialog.getByLabel('Measure against the annotations').check();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Start prediction' }).click();

  await expect(page).toHaveURL(/\/predictions\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Every image has been predicted.')).toBeVisible({ timeout: 220_000 });
  await expect(page.getByRole('heading', { name: 'Confusion matrix' })).toBeVisible();
  await expect(page.getByText('accuracy', { exact: true })).toBeVisible();
  const { splits } = await ok((await theAdministrator()).api.GET('/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: (await datasetOf(projectId)), versionId: version.datasetVersionId } } }));
  await expect(page.getByRole('region', { name: 'Predicted classes' }).locator('tbody tr')).not.toHaveCount(0);
  const counts = await page.getByRole('region', { name: 'Predicted classes' }).locator('tbody tr td:nth-child(2)').allTextContents();
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(splits.test);
  await expect(page.getByRole('region', { name: 'Least certain images' }).locator('tbody tr')).toHaveCount(20);
  await expectAccessible(page);

  await page.getByRole('link', { name: 'Predictions', exact: true }).click();
  await page.getByLabel('State').selectOption('completed');
  await expect(page).toHaveURL(/state=completed/);
  await page.reload();
  await expect(page.getByRole('row', { name: /Completed/ }).first()).toContainText(String(splits.test));
  await expectAccessible(page);
  await page.getByLabel('State').selectOption('failed');
  await page.getByRole('searchbox').fill('nothing has this name');
  await expect(page.getByText('No prediction matches these filters')).toBeVisible();
});

const datasetOf = async (projectId: string): Promise<string> =>
  (await ok((await theAdministrator()).api.GET('/api/v1/datasets', { params: { query: { projectId, sort: 'createdAt' } } }))).items[0]!.id;

test('a prediction that waits is cancelled, and a failed one says why', async ({ browser }) => {
  const { projectId, version } = await demo();
  const admin = await theAdministrator();
  const prediction = await ok(admin.api.POST('/api/v1/training/predictions', { body: { datasetVersionId: version.datasetVersionId, modelVersionId: version.id } }));
  const page = await pageOf(browser, admin);
  let state: 'pending' | 'failed' = 'pending';
  let cancels = 0;
  await page.route(new RegExp(`/training/predictions/${prediction.id}(/cancel)?$`), (route) => {
    if (route.request().method() === 'POST') cancels++;
    const error = { code: 'UNSUPPORTED_KIND', category: 'user', message: 'The trainer does not predict datasets.', suggestedAction: 'Choose a model of another trainer.', measured: null, tryConfig: null };
    return route.fulfill({ status: cancels > 0 && route.request().method() === 'POST' ? 202 : 200, json: { ...prediction, state, cancelRequested: cancels > 0, error: state === 'failed' ? error : null } });
  });
  await page.goto(`/projects/${projectId}/predictions/${prediction.id}`);
  await expect(page.getByText('It waits for a free slot of the trainer')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel prediction' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel prediction' }).click();
  await expect(page.getByText('It is being cancelled.')).toBeVisible();
  expect(cancels).toBe(1);
  state = 'failed';
  await expect(page.getByText('The trainer does not predict datasets.')).toBeVisible();
  await expectAccessible(page);
});

test('a project without predictions says what they are for, and a viewer starts none', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const project = await ok(person.api.POST('/api/v1/projects', { body: { name: 'Nothing yet' } }));
  const page = await pageOf(browser, person, { width: 390, theme: 'dark', language: 'ko' });
  await page.goto(`/projects/${project.id}/predictions`);
  await expect(page.getByText('아직 예측이 없습니다')).toBeVisible();
  await expectNoSidewaysScroll(page);
  await page.goto(`/projects/${project.id}/predictions?new=true`);
  await expect(page.getByText('예측하려면 게시된 데이터셋 버전이 필요합니다.')).toBeVisible();
  await expectAccessible(page);
  await page.route(/\/auth\/permissions/, async (route) => {
    const answer = await route.fetch();
    const own = (await answer.json()) as { permissions: string[] };
    await route.fulfill({ response: answer, json: { ...own, permissions: own.permissions.filter((permission) => permission !== 'training:run') } });
  });
  await page.reload();
  await expect(page.getByText('아직 예측이 없습니다')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('button', { name: '새 예측' })).toHaveCount(0);
});

/** Chooses a segment, whose radio button is not on the screen. */
const choose = (page: Page, name: RegExp): Promise<void> => page.locator('label').filter({ has: page.getByRole('radio', { name }) }).click();

/** Predictions of the test images that have completed. */
async function predicted(...bodies: Omit<NewPrediction, 'datasetVersionId' | 'split'>[]): Promise<BatchPrediction[]> {
  const { version } = await demo();
  const { api } = await theAdministrator();
  const made = await Promise.all(bodies.map((body) => ok(api.POST('/api/v1/training/predictions', { body: { datasetVersionId: version.datasetVersionId, split: 'test', ...body } }))));
  const read = (id: string): Promise<BatchPrediction> => ok(api.GET('/api/v1/training/predictions/{id}', { params: { path: { id } } }));
  for (const { id } of made) await expect.poll(async () => (await read(id)).state, { timeout: 220_000 }).toBe('completed');
  return Promise.all(made.map(({ id }) => read(id)));
}

test('the images of a prediction are looked at one by one, and compared with those of another model', async ({ browser }) => {
  test.setTimeout(400_000);
  const { projectId, version } = await demo();
  const checkpoint = { attempt: 1, epoch: 1 };
  const [best, early, unmeasured] = (await predicted({ modelVersionId: version.id, measure: true }, { jobId: version.jobId, checkpoint, measure: true }, { jobId: version.jobId, checkpoint })) as [BatchPrediction, BatchPrediction, BatchPrediction];
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/predictions/${early.id}`);
  const grid = page.getByRole('grid', { name: 'Images of the prediction' });
  await expect(grid.getByRole('gridcell').first()).toContainText(/Right|Wrong/);
  await choose(page, /^Wrong/);
  await expect(page).toHaveURL(/outcome=wrong/);
  await expect(grid.getByRole('gridcell').first()).toContainText('→');
  await choose(page, /^Right/);
  await page.getByLabel('Class', { exact: true }).selectOption('3');
  await expect(page).toHaveURL(/class=/);
  await page.reload();
  await expect(grid.getByRole('gridcell', { name: /^3\/.*Right/ }).first()).toBeVisible();
  await expectAccessible(page);
  const [first, second] = (await grid.getByRole('gridcell').evaluateAll((cells) => cells.slice(0, 2).map((cell) => cell.getAttribute('aria-label')!.split(/[,/]/)[1]!))) as [string, string];
  await grid.getByRole('gridcell').first().click();
  await expect(page.getByRole('dialog', { name: first })).toBeVisible();
  await expect(page.getByRole('dialog').locator('li[data-true="true"]')).toContainText('3');
  await expectAccessible(page);
  await page.keyboard.press('d');
  await expect(page.getByRole('dialog', { name: second })).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog', { name: first })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.getByRole('link', { name: 'Compare with another' }).click();
  await page.getByLabel('Second', { exact: true }).selectOption(best.id);
  const tiles = page.getByRole('group', { name: 'Who is right' }).getByRole('button');
  await expect(tiles).toHaveCount(4);
  const counts = (await tiles.locator('b').allTextContents()).map(Number);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(best.images);
  expect(counts[0]! + counts[3]!).toBe(early.outcomes!.right);
  expect(counts[1]! + counts[3]!).toBe(best.outcomes!.right);
  await page.getByRole('button', { name: /Both right/ }).click();
  await expect(page).toHaveURL(/agreement=both_right/);
  // The images of the group before are shown until those of this one are there.
  await page.getByRole('gridcell', { name: /First: [^→]+, Second: [^→]+$/ }).first().click();
  await expect(page.getByRole('dialog').getByText('Right', { exact: true })).toHaveCount(2);
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.goto(`/projects/${projectId}/predictions/${early.id}/compare?with=${unmeasured.id}`);
  await expect(page.getByText('These predictions cannot be compared')).toBeVisible();
  await expect(page.getByText(/was not measured against the annotations/)).toBeVisible();
  await page.goto(`/projects/${projectId}/predictions/${unmeasured.id}`);
  await expect(page.getByText('nobody knows which answers are right')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Compare with another' })).toHaveCount(0);
});

test('objects of the truth and of the prediction are drawn together, also beside those of another model', async ({ browser }) => {
  test.setTimeout(300_000);
  const { projectId, version } = await demo();
  const [one] = (await predicted({ modelVersionId: version.id, measure: true })) as [BatchPrediction];
  const page = await pageOf(browser, await theAdministrator(), { width: 390, language: 'ko', theme: 'dark' });
  // The demo classifies, so what a detector says is put in on the way.
  const result = { outcome: 'wrong' as const, trueClass: null, class: null, confidence: 0.9, trueObjects: 2, foundObjects: 2, missed: 1, spurious: 1 };
  const detect = async (change: (json: never) => unknown, route: Parameters<Parameters<Page['route']>[1]>[0]): Promise<void> => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: change((await answer.json()) as never) });
  };
  await page.route(new RegExp(`/training/predictions/${one.id}$`), (route) => detect((json: BatchPrediction) => ({ ...json, taskType: 'object_detection' }), route));
  await page.route(/\/images\?/, (route) => detect((json: PredictedImagePage) => ({ ...json, items: json.items.map((item) => ({ ...item, result })) }), route));
  await page.route(/\/image\?/, (route) => detect((json: PredictedImageDetail) => ({
    ...json, result, truth: [{ class: '3', box: [1, 1, 3, 3] }, { class: '4', box: [4, 4, 3, 3] }],
    answer: { annotations: [{ class: '3', box: [1, 1, 3, 2.5], confidence: 0.9 }, { class: '5', box: [0, 5, 2, 2], confidence: 0.4 }] },
  }), route));
  await page.goto(`/projects/${projectId}/predictions/${one.id}`);
  await expectNoSidewaysScroll(page);
  await expect(page.getByText('모든 객체를 같은 클래스와 IoU 0.5 이상으로 찾고')).toBeVisible();
  const cell = page.getByRole('grid', { name: '예측한 이미지' }).getByRole('gridcell').first();
  await expect(cell).toContainText('2개 중 2개 찾음');
  await cell.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('aside li')).toHaveCount(4);
  await expect(dialog.getByText('0.90')).toBeVisible();
  await expect(dialog.getByText('놓침')).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});
