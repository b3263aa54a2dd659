import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, newPerson, ok, pageOf, test, theAdministrator } from './platform';

/** The project that the demo left, and its dataset version. */
async function demo(): Promise<{ projectId: string; versionId: string }> {
  const { api } = await theAdministrator();
  const project = (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo' } } }))).items[0]!;
  const jobs = await ok(api.GET('/api/v1/training/jobs', { params: { query: { projectId: project.id, state: 'completed' } } }));
  return { projectId: project.id, versionId: jobs.items.at(-1)!.datasetVersionId };
}

const choose = (page: Page, name: string | RegExp): Promise<void> => page.locator('label').filter({ has: page.getByRole('radio', { name }) }).click();

test('a sweep is set up, followed to its end, and its best runs are compared', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/sweeps`);
  await page.getByRole('link', { name: 'New sweep' }).first().click();
  await choose(page, /Small CNN/);
  await expect(page.getByText('Choose at least one setting')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start sweep' })).toBeDisabled();
  await page.getByLabel('Add a setting to try').selectOption({ label: 'Learning rate' });
  const rate = page.getByRole('region', { name: 'Learning rate' });
  await rate.getByLabel('From').fill('0.1');
  await rate.getByLabel('To', { exact: true }).fill('0.01');
  await expect(rate.getByText('The first value has to be smaller than the last one.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start sweep' })).toBeDisabled();
  await rate.getByLabel('From').fill('0.001');
  await page.getByLabel('Configurations', { exact: true }).fill('3');
  await page.getByLabel('Epochs', { exact: true }).fill('1');
  await page.getByLabel('Name', { exact: true }).fill('Which rate');
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByRole('region', { name: 'Learning rate' }).getByLabel('From')).toHaveValue('0.001');
  await page.getByRole('button', { name: 'Start sweep' }).click();

  await expect(page).toHaveURL(/\/sweeps\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Which rate' })).toBeVisible();
  await expect(page.getByText('3 / 3')).toBeVisible({ timeout: 220_000 });
  await expect(page.getByText('Completed', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open the job' })).toBeVisible();
  const runs = page.getByRole('region', { name: 'Runs' }).first();
  await expect(runs.locator('tbody tr')).toHaveCount(3);
  await expect(page.getByRole('group', { name: 'Configurations and results' })).toBeVisible();
  await expectAccessible(page);

  // Without the lower half of the results, the table has only the others.
  await page.getByRole('slider', { name: 'Range of accuracy: From' }).focus();
  await page.keyboard.press('PageUp');
  await expect(runs.locator('tbody tr')).not.toHaveCount(3);
  await page.getByRole('button', { name: 'accuracy', exact: true }).click();
  await expect(page).toHaveURL(/sort=-result/);
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'accuracy' })).toHaveAttribute('aria-sort', 'descending');
  await page.getByRole('button', { name: 'Compare the best 3' }).click();
  await expect(page).toHaveURL(/\/compare\?jobs=/);
  await expect(page.getByRole('heading', { name: 'Configuration', exact: true })).toBeVisible();
});

test('a sweep is cancelled, and the filters of the list are in the address', async ({ browser }) => {
  const { projectId, versionId } = await demo();
  const admin = await theAdministrator();
  const sweep = await ok(admin.api.POST('/api/v1/training/sweeps', {
    body: { projectId, datasetVersionId: versionId, framework: 'torchvision', model: 'small_cnn', name: 'Not to the end', method: 'grid', config: { epochs: 200 }, space: [{ field: 'batchSize', values: [16, 32], log: false }], factor: 3 },
  }));
  const page = await pageOf(browser, admin);
  await page.goto(`/projects/${projectId}/sweeps/${sweep.id}`);
  await page.getByRole('button', { name: 'Cancel sweep' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel sweep' }).click();
  await expect(page.getByText('Jobs that had completed stay')).toBeVisible();
  await page.goto(`/projects/${projectId}/sweeps?state=cancelled&method=grid`);
  await expect(page.getByRole('link', { name: 'Not to the end' }).first()).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('Method').selectOption('successive_halving');
  await expect(page).toHaveURL(/method=successive_halving/);
  await expect(page.getByText('No sweep matches these filters')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('link', { name: 'Not to the end' }).first()).toBeVisible();
});

test('what the server refuses is said at the setting that it names', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.route(/\/training\/sweeps$/, (route) => route.request().method() !== 'POST' ? route.continue() : route.fulfill({
    status: 422, contentType: 'application/problem+json',
    json: { type: 'urn:vision-platform:problem:invalid_config', title: 'The configuration is wrong.', status: 422, detail: 'The configuration is wrong.', code: 'INVALID_CONFIG', category: 'user', suggestedAction: 'Correct it.', traceId: '0'.repeat(32), errors: { 'space[0]': ['No memory has room for this batch.'] } },
  }));
  await page.goto(`/projects/${projectId}/sweeps/new`);
  await choose(page, /Small CNN/);
  await page.getByLabel('Add a setting to try').selectOption({ label: 'Batch size' });
  await page.getByRole('button', { name: 'Start sweep' }).click();
  await expect(page.getByRole('region', { name: 'Batch size' }).getByText('No memory has room for this batch.')).toBeVisible();
});

test('a viewer sees sweeps and starts none', async ({ browser }) => {
  const { projectId } = await demo();
  const admin = await theAdministrator();
  const viewer = await newPerson('guest');
  await ok(admin.api.POST('/api/v1/projects/{id}/members', { params: { path: { id: projectId } }, body: { userId: viewer.session.user.id, role: 'viewer' } }));
  const page = await pageOf(browser, viewer, { width: 390, theme: 'dark', language: 'ko' });
  await page.goto(`/projects/${projectId}/sweeps`);
  await expect(page.getByRole('heading', { level: 1, name: '스윕' })).toBeVisible();
  await expect(page.getByRole('link', { name: '새 스윕' })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.goto(`/projects/${projectId}/sweeps/new`);
  await expect(page.getByText('스윕을 시작할 권한이 없습니다')).toBeVisible();
});
