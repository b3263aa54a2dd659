import type { TrainingJob } from '../src/api/schema';
import { expect, expectAccessible, expectNoSidewaysScroll, ok, pageOf, test, theAdministrator } from './platform';

/** The addresses of all screens, with the project, model, dataset, … that the demo left. */
async function screens(): Promise<Record<string, string>> {
  const { api } = await theAdministrator();
  const first = <T>(items: readonly T[], what: string): T => {
    const item = items[0];
    if (item === undefined) throw new Error(`The demo left no ${what}.`);
    return item;
  };
  const project = first((await ok(api.GET('/api/v1/projects', { params: { query: { name: 'demo', sort: 'createdAt' } } }))).items, 'project');
  const query = { projectId: project.id };
  const dataset = first((await ok(api.GET('/api/v1/datasets', { params: { query: { ...query, sort: 'createdAt' } } }))).items, 'dataset');
  const job = first((await ok(api.GET('/api/v1/training/jobs', { params: { query: { ...query, state: 'completed' } } }))).items, 'job');
  const model = first((await ok(api.GET('/api/v1/models', { params: { query } }))).items, 'model');
  const deployment = first((await ok(api.GET('/api/v1/deployments', { params: { query } }))).items, 'deployment');
  const sweep = await aSweep(project.id, job.datasetVersionId);
  const prediction = await aPrediction(project.id, job);
  const inProject = `/projects/${project.id}`;
  return {
    home: '/', projects: '/projects', project: inProject, members: `${inProject}/members`, settings: `${inProject}/settings`,
    datasets: `${inProject}/datasets`, dataset: `/datasets/${dataset.id}`, proposals: `/datasets/${dataset.id}/proposals`, shared: '/shared-datasets',
    jobs: `${inProject}/jobs`, 'new-job': `${inProject}/jobs/new`, job: `${inProject}/jobs/${job.id}`,
    'job-logs': `${inProject}/jobs/${job.id}/logs?find=parameters`, sweeps: `${inProject}/sweeps`, 'new-sweep': `${inProject}/sweeps/new`, sweep: `${inProject}/sweeps/${sweep}`,
    predictions: `${inProject}/predictions`, 'new-prediction': `${inProject}/predictions?new=true`, prediction: `${inProject}/predictions/${prediction}`,
    models: `${inProject}/models`, model: `${inProject}/models/${model.id}`, exports: `${inProject}/exports`,
    deployments: `${inProject}/deployments`, deployment: `${inProject}/deployments/${deployment.id}`,
    organizations: '/organizations', invitations: '/invitations', operations: '/operations', administration: '/administration', profile: '/profile', 'profile-security': '/profile/security', 'profile-tokens': '/profile/tokens', 'invitations-sent': '/invitations/sent',
    'all-projects': '/administration/projects', audit: '/administration/audit', system: '/administration/system', 'operations-history': '/operations/history', locations: '/operations/locations', parts: '/parts',
  };
}

/** A sweep that has ended; one of two short runs is made when the project has none. */
async function aSweep(projectId: string, datasetVersionId: string): Promise<string> {
  const { api } = await theAdministrator();
  const completed = async () => (await ok(api.GET('/api/v1/training/sweeps', { params: { query: { projectId, limit: 200 } } }))).items.find((sweep) => sweep.state === 'completed');
  const known = await completed();
  if (known !== undefined) return known.id;
  const made = await ok(api.POST('/api/v1/training/sweeps', {
    body: { projectId, datasetVersionId, framework: 'torchvision', model: 'small_cnn', name: 'Two rates', method: 'grid', config: { epochs: 1 }, space: [{ field: 'learningRate', values: [0.001, 0.01], log: false }], factor: 3 },
  }));
  await expect.poll(async () => (await ok(api.GET('/api/v1/training/sweeps/{id}', { params: { path: { id: made.id } } }))).state, { timeout: 600_000 }).toBe('completed');
  return made.id;
}

/** A prediction that has ended; one of the test images is made when the project has none. */
async function aPrediction(projectId: string, job: TrainingJob): Promise<string> {
  const { api } = await theAdministrator();
  const known = (await ok(api.GET('/api/v1/training/predictions', { params: { query: { projectId, limit: 200 } } }))).items.find((one) => one.state === 'completed');
  if (known !== undefined) return known.id;
  const made = await ok(api.POST('/api/v1/training/predictions', { body: { datasetVersionId: job.datasetVersionId, modelVersionId: job.modelVersionId, split: 'test' } }));
  await expect.poll(async () => (await ok(api.GET('/api/v1/training/predictions/{id}', { params: { path: { id: made.id } } }))).state, { timeout: 600_000 }).toBe('completed');
  return made.id;
}

for (const [theme, language, width] of [['light', 'en', 1440], ['dark', 'ko', 1440], ['light', 'ko', 320], ['dark', 'en', 2560]] as const) {
  test(`every screen is accessible and fits: ${theme}, ${language}, ${width} px`, async ({ browser }, info) => {
    test.setTimeout(1_200_000); // about forty screens
    const page = await pageOf(browser, await theAdministrator(), { theme, language, width });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`));
    for (const [name, address] of Object.entries(await screens())) {
      await page.goto(address);
      // A dialog hides the page behind it from screen readers, not from the eye.
      await expect(page.getByRole('heading', { level: 1, includeHidden: true })).toBeVisible();
      // The page of all parts shows grey lines and a busy button for good.
      if (name !== 'parts') await expect(page.locator('[aria-busy="true"], [role="status"][aria-label]')).toHaveCount(0);
      await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
      await expectNoSidewaysScroll(page);
      // The width changes the place of things, not their names and colours.
      if (width === 1440) await expectAccessible(page);
    }
    expect(errors).toEqual([]);
  });
}
