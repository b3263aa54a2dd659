import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, newPerson, ok, pageOf, test, theAdministrator } from './platform';

const IMAGES = 12;

/** A new dataset in the project of the demo with digits that have no class, and the model that can tell them apart. */
async function unlabeledDigits() {
  const { api } = await theAdministrator();
  const project = (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo', sort: 'createdAt' } } }))).items[0]!;
  const model = (await ok(api.GET('/api/v1/models', { params: { query: { projectId: project.id, sort: 'createdAt' } } }))).items[0]!;
  const version = (await ok(api.GET('/api/v1/models/{id}/versions', { params: { path: { id: model.id } } }))).items.at(-1)!;
  const digits = (await ok(api.GET('/api/v1/datasets', { params: { query: { projectId: project.id, sort: 'createdAt' } } }))).items[0]!;
  const { items } = await ok(api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: digits.id }, query: { limit: IMAGES } } }));
  const files = await Promise.all(items.map(async ({ url, class: name }, n) => ({ path: `new/${n}.png`, name: name!, content: new Uint8Array(await (await fetch(url)).arrayBuffer()) })));
  const dataset = await ok(api.POST('/api/v1/datasets', { body: { projectId: project.id, name: `New digits ${Date.now()}`, taskType: 'image_classification' } }));
  const path = { params: { path: { id: dataset.id } } };
  const { uploads } = await ok(api.POST('/api/v1/datasets/{id}/uploads', { ...path, body: { layout: 'flat', files: files.map((file) => ({ path: file.path, size: file.content.length })) } }));
  for (const upload of uploads) expect((await fetch(upload.url, { method: upload.method, headers: upload.headers, body: files.find((file) => file.path === upload.path)!.content })).ok).toBe(true);
  await ok(api.POST('/api/v1/datasets/{id}/uploads/complete', { ...path, body: { uploadIds: uploads.map(({ uploadId }) => uploadId) } }));
  return { projectId: project.id, datasetId: dataset.id, modelVersionId: version.id, truth: new Map(files.map((file) => [file.path, file.name])) };
}

const cells = (page: Page) => page.getByRole('grid', { name: 'Proposals' }).getByRole('gridcell');

test('a model proposes the classes of images without labels, and a person accepts and rejects them', async ({ browser }) => {
  test.setTimeout(400_000);
  const { api } = await theAdministrator();
  const { projectId, datasetId, modelVersionId, truth } = await unlabeledDigits();
  const classes = async (): Promise<(string | null)[]> => (await ok(api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: datasetId }, query: { limit: 200 } } }))).items.map((image) => image.class);
  try {
    const page = await pageOf(browser, await theAdministrator());
    await page.goto(`/datasets/${datasetId}/proposals`);
    await expect(page.getByText('No proposals', { exact: true })).toBeVisible();
    await page.getByRole('link', { name: 'Versions', exact: true }).click();
    await page.getByRole('button', { name: 'Publish a version' }).click();
    await page.getByLabel(`Only the ${IMAGES} images without labels, to predict them`).check();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await expect(page).toHaveURL(/\/versions\/[0-9a-f-]{36}$/);
    const versionId = page.url().split('/').at(-1)!;
    await expect.poll(async () => (await ok(api.GET('/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: datasetId, versionId } } }))).state).toBe('ready');
    await expect(page.getByRole('link', { name: 'Train on it' })).toHaveCount(0);

    const prediction = await ok(api.POST('/api/v1/training/predictions', { body: { datasetVersionId: versionId, modelVersionId } }));
    await page.goto(`/projects/${projectId}/predictions/${prediction.id}`);
    await expect(page.getByText('Every image has been predicted.')).toBeVisible({ timeout: 220_000 });
    await page.getByRole('button', { name: 'Use as proposals' }).click();
    const asking = page.getByRole('dialog');
    await expect(asking.getByLabel('Lowest score')).toHaveValue('0.5');
    await asking.getByLabel('Lowest score').fill('2');
    await expect(asking.getByText('This has to be a number from 0 to 1.')).toBeVisible();
    await asking.getByLabel('Lowest score').fill('0.1');
    await expectAccessible(page);
    await asking.getByRole('button', { name: 'Use as proposals' }).click();

    await expect(page).toHaveURL(/\/proposals$/);
    await expect(cells(page)).toHaveCount(IMAGES);
    await expect(cells(page).first()).toContainText('Proposed ·');
    // Nothing is a label yet.
    expect(await classes()).toEqual(Array.from({ length: IMAGES }, () => null));
    await expectAccessible(page);
    await page.screenshot({ path: test.info().outputPath('proposals.png') });
    await cells(page).first().click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText('It is no label yet.')).toBeVisible();
    await expectAccessible(page);
    await page.screenshot({ path: test.info().outputPath('proposal.png') });
    await dialog.getByRole('button', { name: 'Accept', exact: true }).click();
    await expect(page.getByText(/^new\/\d+\.png is labeled\.$/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Reject', exact: true }).click();
    await expect(page.getByText(/^The proposal for .* is removed\.$/)).toBeVisible();
    // The next proposal opens when the list is there again, so the first key may come too early.
    await expect(async () => {
      await page.keyboard.press('Escape');
      await expect(cells(page)).toHaveCount(IMAGES - 2, { timeout: 2_000 });
    }).toPass();
    expect((await classes()).filter((name) => name !== null)).toHaveLength(1);

    await page.getByRole('button', { name: 'Accept all' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Accept all' }).click();
    await expect(page.getByText('No proposals', { exact: true })).toBeVisible();
    await expect(page.getByRole('row', { name: /Accept all/ })).toContainText(`${IMAGES - 2} done`);
    const { items } = await ok(api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: datasetId }, query: { limit: 200 } } }));
    // The model has seen most of these digits.
    expect(items.filter((image) => image.class === truth.get(image.path)).length).toBeGreaterThan(IMAGES / 2);
    expect(items.filter((image) => image.class === null)).toHaveLength(1);
  } finally {
    await api.DELETE('/api/v1/datasets/{id}', { params: { path: { id: datasetId } } });
  }
});

test('objects that a model proposes are drawn as such, also on a phone', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const project = await ok(person.api.POST('/api/v1/projects', { body: { name: 'Line 4' } }));
  const dataset = await ok(person.api.POST('/api/v1/datasets', { body: { projectId: project.id, name: 'Plates', taskType: 'object_detection', classes: ['car', 'person'] } }));
  const page = await pageOf(browser, person, { width: 390, language: 'ko', theme: 'dark' });
  // No detector is trained here, so what one says is put in on the way.
  const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
  const image = { id: '01995b5e-0a00-7000-8000-000000000003', path: 'a/1.png', class: null, split: null, width: 64, height: 48, size: 70, sha256: 'a'.repeat(64), contentType: 'image/png', url: png, thumbnailUrl: png, createdAt: '2026-01-01T00:00:00Z' };
  await page.route(/\/proposals\?/, (route) => route.fulfill({
    json: {
      items: [{
        image, predictionId: image.id, modelVersionId: null, model: 'fasterrcnn', checkpointEpoch: 3, class: null, score: 0.62, proposedBy: image.id, proposedAt: '2026-01-01T00:00:00Z',
        objects: [{ class: 'car', box: [2, 2, 20, 20], confidence: 0.62 }, { class: 'person', box: [30, 5, 12, 30], confidence: 0.91 }],
      }],
      nextCursor: null,
    },
  }));
  await page.goto(`/datasets/${dataset.id}/proposals`);
  const cell = page.getByRole('grid', { name: '제안' }).getByRole('gridcell').first();
  await expect(cell).toContainText('car, person');
  await expect(cell).toContainText('62');
  await expectNoSidewaysScroll(page);
  await cell.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('aside li')).toHaveCount(2);
  await expect(dialog.getByText('모델의 제안이며 아직 라벨이 아닙니다.')).toBeVisible();
  await expect(dialog.getByRole('button', { name: '수락', exact: true })).toBeEnabled();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.screenshot({ path: test.info().outputPath('objects.png') });
});
