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
  await dialog.getByLabel('Dataset version').selectOption({ index: 1 });
  await expect(dialog.getByLabel('Version of the model')).toHaveValue(version.id);
  await dialog.getByLabel('Images', { exact: true }).selectOption('test');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Start prediction' }).click();

  await expect(page).toHaveURL(/\/predictions\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Every image has been predicted.')).toBeVisible({ timeout: 220_000 });
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
  (await ok((await theAdministrator()).api.GET('/api/v1/datasets', { params: { query: { projectId } } }))).items[0]!.id;

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
