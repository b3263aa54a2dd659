import { deflateSync, crc32 } from 'node:zlib';
import { expect, expectAccessible, expectNoSidewaysScroll, newPerson, ok, pageOf, test, type Person } from './platform';

/** A PNG of one colour. */
function png(width: number, height: number, red: number, green: number, blue: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.from(Array.from({ length: width }, () => [red, green, blue]).flat())]);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))), chunk('IEND', Buffer.alloc(0))]);
}

async function newDataset(person: Person, taskType: 'image_classification' | 'object_detection', paths: string[]): Promise<string> {
  const project = await ok(person.api.POST('/api/v1/projects', { body: { name: 'Line 3' } }));
  const dataset = await ok(person.api.POST('/api/v1/datasets', { body: { projectId: project.id, name: 'Plates', taskType, ...(taskType === 'object_detection' ? { classes: ['car', 'person'] } : {}) } }));
  const files = paths.map((path, n) => ({ path, content: png(64, 48, (n * 40) % 255, 90, 255 - ((n * 30) % 255)) }));
  const { uploads } = await ok(person.api.POST('/api/v1/datasets/{id}/uploads', { params: { path: { id: dataset.id } }, body: { files: files.map(({ path, content }) => ({ path, size: content.length })) } }));
  for (const upload of uploads) {
    const answer = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: new Uint8Array(files.find(({ path }) => path === upload.path)!.content) });
    expect(answer.ok).toBe(true);
  }
  const { failed } = await ok(person.api.POST('/api/v1/datasets/{id}/uploads/complete', { params: { path: { id: dataset.id } }, body: { uploadIds: uploads.map(({ uploadId }) => uploadId) } }));
  expect(failed).toEqual([]);
  return dataset.id;
}

test('a dataset is created and filled, and its images are looked at', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const project = await ok(person.api.POST('/api/v1/projects', { body: { name: 'Line 3' } }));
  const page = await pageOf(browser, person);
  await page.goto(`/projects/${project.id}/datasets`);
  await expect(page.getByText('No datasets yet')).toBeVisible();
  await page.getByRole('button', { name: 'New dataset' }).first().click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Plates');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create dataset' }).click();
  await expect(page).toHaveURL(/\/datasets\/[0-9a-f-]{36}\/upload$/);
  await page.locator('input[type=file]').first().setInputFiles([1, 2, 3].map((n) => ({ name: `plate_${n}.png`, mimeType: 'image/png', buffer: png(32, 32, n * 60, 20, 90) })));
  await expect(page.getByText(/3 uploaded/)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Images', exact: true }).click();
  await expect(page.getByRole('gridcell', { name: /plate_1\.png/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('gridcell', { name: /plate_1\.png/ }).click();
  await expect(page.getByRole('dialog').getByText('32 × 32')).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a version is published with its expected division, shown, and compared with the next', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const datasetId = await newDataset(person, 'image_classification', ['cat/1.png', 'cat/2.png', 'cat/3.png', 'dog/1.png', 'dog/2.png']);
  const page = await pageOf(browser, person);
  await page.goto(`/datasets/${datasetId}/versions`);
  await page.getByRole('button', { name: 'Publish a version' }).click();
  await expect(page.getByText('2 classes may miss a split', { exact: false })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Version 1' })).toBeVisible();
  await expect(page.getByText('Ready')).toBeVisible();
  await expect(page.getByRole('gridcell', { name: /cat\/1\.png/ })).toBeVisible();
  await expectAccessible(page);
  const { items } = await ok(person.api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: datasetId }, query: { class: 'dog' } } }));
  await ok(person.api.DELETE('/api/v1/datasets/{id}/images/{imageId}', { params: { path: { id: datasetId, imageId: items[0]!.id } } }));
  await ok(person.api.POST('/api/v1/datasets/{id}/versions', { params: { path: { id: datasetId } }, body: {} }));
  await page.goto(`/datasets/${datasetId}/versions`);
  await page.getByRole('link', { name: 'Compare versions' }).click();
  await expect(page.getByRole('button', { name: '1 Removed' })).toBeVisible();
  await expect(page.getByText(items[0]!.path)).toBeVisible();
  await expectAccessible(page);
  await page.goto(`/datasets/${datasetId}/statistics`);
  await expect(page.getByText('2 classes have few images')).toBeVisible();
  await expectAccessible(page);
});

test('a box is drawn and saved, and a change of somebody else is not overwritten', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const datasetId = await newDataset(person, 'object_detection', ['a.png', 'b.png']);
  const page = await pageOf(browser, person);
  await page.goto(`/datasets/${datasetId}/annotate`);
  await expect(page.getByText('Nobody has annotated this image yet.', { exact: false })).toBeVisible();
  await page.keyboard.press('2');
  const surface = (await page.getByRole('application').boundingBox())!;
  await page.mouse.move(surface.x + surface.width * 0.4, surface.y + surface.height * 0.4);
  await page.mouse.down();
  await page.mouse.move(surface.x + surface.width * 0.55, surface.y + surface.height * 0.6, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole('button', { name: '1. person' })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Control+s');
  await expect(page.getByText(/Saved/)).toBeVisible();
  const { items } = await ok(person.api.GET('/api/v1/datasets/{id}/images', { params: { path: { id: datasetId }, query: { annotated: true } } }));
  expect(items).toHaveLength(1);
  const path = { id: datasetId, imageId: items[0]!.id };
  expect((await ok(person.api.GET('/api/v1/datasets/{id}/images/{imageId}/annotations', { params: { path } }))).annotations.map((each) => each.class)).toEqual(['person']);
  await ok(person.api.PUT('/api/v1/datasets/{id}/images/{imageId}/annotations', { params: { path }, body: { annotations: [{ class: 'car', box: [1, 1, 9, 9] }] } }));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('Somebody else changed this image')).toBeVisible();
  await page.getByRole('button', { name: 'Take theirs' }).click();
  await expect(page.getByRole('button', { name: '1. car' })).toBeVisible();
});

test('the other pages of a dataset hold on a narrow screen, in Korean and in the dark', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const datasetId = await newDataset(person, 'object_detection', ['a.png', 'b.png']);
  const page = await pageOf(browser, person, { theme: 'dark', language: 'ko', width: 390 });
  for (const [part, heading] of [['', '이미지'], ['/upload', '업로드'], ['/imports', '압축 파일과 가져오기'], ['/classes', '클래스'], ['/versions', '버전'], ['/statistics', '통계'], ['/sharing', '공유'], ['/settings', '설정']] as const) {
    await page.goto(`/datasets/${datasetId}${part}`);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await page.waitForLoadState('networkidle');
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  }
});

test('a dataset is deleted only with its name typed', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const datasetId = await newDataset(person, 'image_classification', ['cat/1.png']);
  const page = await pageOf(browser, person);
  await page.goto(`/datasets/${datasetId}/settings`);
  await page.getByRole('button', { name: 'Delete dataset' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog.getByText(/1 image \(/)).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Delete dataset' })).toBeDisabled();
  await expectAccessible(page);
  await dialog.getByRole('textbox').fill('Plates');
  await dialog.getByRole('button', { name: 'Delete dataset' }).click();
  await expect(page.getByText('No datasets yet')).toBeVisible();
});
