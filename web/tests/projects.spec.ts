import { expect, expectAccessible, newPerson, pageOf, test } from './platform';

test('a project is created and found by its name', async ({ browser }) => {
  const page = await pageOf(browser, await newPerson('standard_engineer'));
  await page.goto('/projects');
  await expect(page.getByText('No projects yet')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New project' }).first().click();
  await expectAccessible(page);
  await page.getByRole('dialog').getByLabel('Name').fill('Steel plates');
  await page.getByRole('button', { name: 'Create project' }).click();
  await expect(page).toHaveURL(/\/projects\/[0-9a-f-]{36}$/);
  await page.goto('/projects?name=plates');
  await expect(page.getByRole('link', { name: /Steel plates/ })).toBeVisible();
  await page.getByRole('searchbox').fill('copper');
  await expect(page.getByText('No project has this name')).toBeVisible();
});

test('a name that is taken is said at its field', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  await person.api.POST('/api/v1/projects', { body: { name: 'Steel plates' } });
  const page = await pageOf(browser, person);
  await page.goto('/projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('steel plates');
  await page.getByRole('button', { name: 'Create project' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText(/name/i);
});

test('a project that a person may not see looks like one that does not exist', async ({ browser }) => {
  const page = await pageOf(browser, await newPerson('guest'));
  await page.goto('/projects/01995b5e-0a00-7000-8000-000000000001');
  await expect(page.getByText('Nothing is here')).toBeVisible();
  await expectAccessible(page);
});
