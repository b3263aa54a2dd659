import type { Page } from '@playwright/test';
import type { TrainingJob } from '../src/api/schema';
import { expect, expectAccessible, expectNoSidewaysScroll, newPerson, ok, pageOf, test, theAdministrator } from './platform';

/** The project that the demo left, and a job of it that is complete. */
async function demo(): Promise<{ projectId: string; job: TrainingJob }> {
  const { api } = await theAdministrator();
  const project = (await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo' } } }))).items[0]!;
  const jobs = await ok(api.GET('/api/v1/training/jobs', { params: { query: { projectId: project.id, state: 'completed' } } }));
  return { projectId: project.id, job: jobs.items.at(-1)! };
}

/** Answers requests for a job with a changed one. */
const changeJob = (page: Page, id: string, change: Partial<TrainingJob>): Promise<unknown> =>
  page.route(new RegExp(`/training/jobs/${id}$`), async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as TrainingJob), ...change } });
  });

/** Chooses a card or a segment, whose radio button is not on the screen. */
const choose = (page: Page, name: string | RegExp): Promise<void> => page.locator('label').filter({ has: page.getByRole('radio', { name }) }).click();

test('a training is set up, followed to its end and compared', async ({ browser }) => {
  const { projectId, job } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs`);
  await page.getByRole('link', { name: 'New training' }).first().click();
  await expect(page.getByText('As in the version')).toBeVisible();
  await choose(page, /Small CNN/);
  await page.getByLabel('Epochs', { exact: true }).fill('3');
  await page.getByLabel('Name', { exact: true }).fill('Followed to its end');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page).toHaveURL(/\/jobs\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Followed to its end' })).toBeVisible();
  const status = page.getByText('Completed', { exact: true });
  await expect(status).toBeVisible({ timeout: 200_000 });
  await expect(page.getByText('3 / 3')).toBeVisible();
  await expect(page.locator('figure canvas').first()).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('link', { name: 'Validation' }).click();
  await expect(page.getByRole('heading', { name: 'Confusion matrix' })).toBeVisible();
  await expect(page.getByText('on the validation images.')).toBeVisible();
  await page.getByLabel('Images').selectOption('test');
  await expect(page.getByText('on the test images.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Epochs', exact: true }).locator('tbody tr')).toHaveCount(3);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Checkpoints' }).click();
  await expect(page.getByRole('region', { name: 'Checkpoints', exact: true }).first().getByText(/epoch-0003|0003/)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await expect(page.getByRole('log')).toContainText('parameters on');
  await expectAccessible(page);
  await page.getByRole('link', { name: /Attempts/ }).click();
  await expect(page.getByText('From the beginning').first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Configuration' }).click();
  await expect(page.getByText('Default: 10')).toBeVisible();
  await expectAccessible(page);

  await page.goto(`/projects/${projectId}/jobs`);
  await page.getByRole('checkbox', { name: 'Select Followed to its end for comparison' }).first().check();
  await page.getByRole('checkbox', { name: `Select ${job.name} for comparison` }).last().check();
  await page.getByRole('button', { name: 'Compare 2' }).click();
  await expect(page).toHaveURL(/\/compare\?jobs=/);
  await expect(page.getByRole('heading', { name: 'Configuration' })).toBeVisible();
  await expect(page.locator('figure canvas').first()).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test('filters and sort of the jobs are in the address', async ({ browser }) => {
  const { projectId, job } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs?text=${encodeURIComponent(job.name)}&state=completed`);
  await expect(page.getByRole('link', { name: job.name }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Best' }).click();
  await expect(page).toHaveURL(/sort=-best/);
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Best' })).toHaveAttribute('aria-sort', 'descending');
  await page.getByLabel('State').selectOption('cancelled');
  await expect(page.getByText('No training matches these filters')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('link', { name: job.name }).first()).toBeVisible();
});

test('a value out of range is said at its field, and the form survives a reload', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs/new`);
  await choose(page, /Small CNN/);
  await page.getByLabel('Epochs', { exact: true }).fill('0');
  await expect(page.getByText('Allowed is 1 to 1000.')).toBeVisible();
  await expect(page.getByLabel('Epochs', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('button', { name: 'Start training' })).toBeDisabled();
  await page.reload();
  await expect(page.getByLabel('Epochs', { exact: true })).toHaveValue('0');
  await choose(page, 'Quick');
  await expect(page.getByLabel('Epochs', { exact: true })).toHaveValue('5');
  await expect(page.getByRole('button', { name: 'Start training' })).toBeEnabled();
});

test('what the server refuses is said at its field', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.route(/\/training\/jobs$/, (route) => route.request().method() !== 'POST' ? route.continue() : route.fulfill({
    status: 422, contentType: 'application/problem+json',
    json: { type: 'urn:vision-platform:problem:invalid_config', title: 'The configuration is wrong.', status: 422, detail: 'The configuration is wrong.', code: 'INVALID_CONFIG', category: 'user', suggestedAction: 'Correct it.', traceId: '0'.repeat(32), errors: { 'config.batchSize': ['There are fewer images than this.'] } },
  }));
  await page.goto(`/projects/${projectId}/jobs/new`);
  await choose(page, /Small CNN/);
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page.getByText('There are fewer images than this.')).toBeVisible();
  await expect(page.getByLabel('Batch size', { exact: true })).toHaveAttribute('aria-invalid', 'true');
});

test('advanced settings say why they cannot be changed', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.route(/\/auth\/permissions/, async (route) => {
    const answer = await route.fetch();
    const own = (await answer.json()) as { permissions: string[] };
    await route.fulfill({ response: answer, json: { ...own, permissions: own.permissions.filter((permission) => permission !== 'training:advanced') } });
  });
  await page.goto(`/projects/${projectId}/jobs/new`);
  await choose(page, /Small CNN/);
  await page.getByText('Advanced settings', { exact: true }).click();
  await expect(page.getByLabel('Weight decay', { exact: true })).toBeDisabled();
  await expect(page.getByText(/Advanced settings need the permission training:advanced/)).toBeVisible();
  await choose(page, 'Thorough');
  await expect(page.getByLabel('Weight decay', { exact: true })).toHaveValue('0.01');
  await expect(page.getByRole('button', { name: 'Start training' })).toBeEnabled();
  await expectAccessible(page);
});

test('a failure shows its figures, and one click makes a clone with the change', async ({ browser }) => {
  const { projectId, job } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await changeJob(page, job.id, {
    state: 'failed', modelId: null, modelVersionId: null, config: { ...job.config, batchSize: 64 },
    error: { code: 'OUT_OF_MEMORY', category: 'user', message: 'The trainer ran out of memory.', suggestedAction: 'Try a smaller batch.', measured: { peakMemoryBytes: 15_600_000_000, batchSize: 64 }, tryConfig: { batchSize: 32 } },
  });
  const bodies: unknown[] = [];
  await page.route(/\/clone$/, (route) => {
    bodies.push(route.request().postDataJSON());
    return route.fulfill({ status: 201, json: { ...job, state: 'pending' } });
  });
  await page.route(/\/start$/, (route) => route.fulfill({ status: 202, json: { ...job, state: 'queued' } }));
  await page.goto(`/projects/${projectId}/jobs/${job.id}`);
  const card = page.getByRole('region', { name: 'This training failed' });
  await expect(card).toContainText('OUT_OF_MEMORY');
  await expect(card).toContainText('15.6 GB');
  await expect(card).toContainText('64 → 32');
  await expectAccessible(page);
  await card.getByRole('link', { name: 'Review before the start' }).click();
  await expect(page.getByLabel('Batch size', { exact: true })).toHaveValue('32');
  await expect(page.getByText('The suggested change')).toBeVisible();
  await expectAccessible(page);
  await page.goBack();
  await page.getByRole('button', { name: 'Clone with this change and start' }).click();
  await expect.poll(() => bodies).toEqual([{ suggested: true }]);
});

test('the priority of a job is chosen in the form, seen in the list and changed until it ends', async ({ browser }) => {
  const { projectId } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs/new`);
  await choose(page, /Small CNN/);
  await page.getByLabel('Name', { exact: true }).fill('Not urgent');
  await page.getByLabel('Priority', { exact: true }).selectOption('Low');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save without starting' }).click();
  const priority = page.locator('dt', { hasText: 'Priority' }).locator('xpath=following-sibling::dd[1]');
  await expect(priority).toHaveText('Low');

  await page.goto(`/projects/${projectId}/jobs`);
  const row = page.getByRole('row', { name: 'Not urgent' });
  await expect(row.getByRole('img', { name: 'Priority: Low' })).toBeVisible();
  await row.getByRole('link', { name: 'Not urgent' }).click();
  await page.getByRole('button', { name: 'More actions of the job' }).click();
  await expect(page.getByRole('menuitem', { name: 'Priority: Low' })).toHaveCount(0);
  await page.getByRole('menuitem', { name: 'Priority: High' }).click();
  await expect(priority).toHaveText('High');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Cancel training' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel training' }).click();
  await expect(page.getByRole('alertdialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'More actions of the job' }).click();
  await expect(page.getByRole('menuitem', { name: 'Restart' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: /Priority/ })).toHaveCount(0);
});

test('a star, a note and tags of a job are seen on the list and found there', async ({ browser }) => {
  const { projectId, job } = await demo();
  const { api } = await theAdministrator();
  const path = { params: { path: { id: job.id } } };
  await ok(api.PUT('/api/v1/training/jobs/{id}/marks', { ...path, body: { starred: false, notes: '', tags: [] } }));
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs/${job.id}`);
  const star = page.getByRole('button', { name: `Star ${job.name}`, exact: true });
  await star.click();
  await expect(star).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Write notes' }).click();
  await page.getByRole('textbox', { name: 'Notes' }).fill('Blurred at night');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Blurred at night')).toBeVisible();
  const tag = page.getByRole('textbox', { name: 'Add a tag' });
  await tag.fill('baseline');
  await tag.press('Enter');
  await expect(page.getByRole('link', { name: 'baseline' })).toBeVisible();
  await tag.fill('Baseline');
  await expect(page.getByText('A tag has at most 50 characters')).toBeVisible();
  await tag.fill('');
  await expectAccessible(page);
  await expect.poll(async () => { const { starred, notes, tags } = await ok(api.GET('/api/v1/training/jobs/{id}', path)); return { starred, notes, tags }; }).toEqual({ starred: true, notes: 'Blurred at night', tags: ['baseline'] });

  await page.getByRole('link', { name: 'baseline' }).click();
  await expect(page).toHaveURL(/tag=baseline/);
  const row = page.getByRole('row', { name: job.name });
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('baseline');
  await page.getByLabel('Star', { exact: true }).selectOption('starred');
  await expect(page).toHaveURL(/starred=true/);
  await page.reload();
  await expect(row).toHaveCount(1);
  await expectAccessible(page);
  await row.getByRole('button', { name: `Star ${job.name}` }).click();
  await expect(page.getByText('No training matches these filters')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('searchbox').fill('blurred at');
  await expect(row).toHaveCount(1);
});

test('the server finds lines of a log, and what was sought is in the address', async ({ browser }) => {
  const { projectId, job } = await demo();
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/projects/${projectId}/jobs/${job.id}/logs`);
  const log = page.getByRole('log');
  await expect(log).toContainText('dataset ready');
  await expect(log).toContainText('parameters on');
  await page.getByPlaceholder('Only lines that contain').fill('PARAMETERS');
  await expect(page).toHaveURL(/find=PARAMETERS/);
  await expect(page.getByText('1 line', { exact: true })).toBeVisible();
  await expect(log).not.toContainText('dataset ready');
  await expect(log.locator('mark')).toHaveText('parameters');
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByText('1 line', { exact: true })).toBeVisible();
  await page.getByRole('combobox', { name: 'Levels' }).selectOption('error');
  await expect(page).toHaveURL(/level=error/);
  await expect(page.getByText('No line of the log matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(log).toContainText('dataset ready');
});

test('a project without datasets says what a training needs', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const project = await ok(person.api.POST('/api/v1/projects', { body: { name: 'Nothing yet' } }));
  const page = await pageOf(browser, person, { width: 390, theme: 'dark', language: 'ko' });
  await page.goto(`/projects/${project.id}/jobs`);
  await expect(page.getByText('아직 학습이 없습니다')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.goto(`/projects/${project.id}/jobs/new`);
  await expect(page.getByText('아직 데이터셋 버전이 없습니다')).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
