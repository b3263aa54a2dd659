import { expect, expectAccessible, newPerson, ok, pageOf, test, theAdministrator } from './platform';

test('an administrator finds an account, changes its role, and deactivates it', async ({ browser }) => {
  const person = await newPerson('guest', 'Paul Person');
  const page = await pageOf(browser, await theAdministrator());
  await page.goto('/administration');
  await page.getByLabel('Name or e-mail address').fill(person.email);
  const row = page.getByRole('row', { name: new RegExp(person.email) });
  await expect(row).toContainText('Guest');
  await expect(page).toHaveURL(new RegExp(encodeURIComponent(person.email).replace('%40', '(%40|@)')));
  await expectAccessible(page);
  const actions = page.getByRole('button', { name: 'Actions for Paul Person' });
  await actions.click();
  await page.getByRole('menuitem', { name: 'Change role' }).click();
  await page.getByRole('dialog').getByLabel('Role').selectOption('advanced_engineer');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Advanced engineer');
  await actions.click();
  await page.getByRole('menuitem', { name: 'Deactivate' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Deactivate' }).click();
  await expect(row).toContainText('Deactivated');
  expect((await person.api.POST('/api/v1/auth/login', { body: { email: person.email, password: person.password } })).response.ok).toBe(false);
  await actions.click();
  await page.getByRole('menuitem', { name: 'Reactivate' }).click();
  await expect(row).not.toContainText('Deactivated');

  await page.goto(`/administration/audit?action=user.update_role&subjectId=${person.session.user.id}`);
  await page.getByRole('button', { name: 'Details of user.update_role' }).first().click();
  await expect(page.getByRole('dialog')).toContainText('advanced_engineer');
  await expectAccessible(page);
});

test('the audit log is filtered in the address and exported', async ({ browser }) => {
  const page = await pageOf(browser, await theAdministrator());
  await page.goto('/administration/audit');
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  await page.getByLabel('Result').selectOption('success');
  await expect(page).toHaveURL(/result=success/);
  await expect(page.getByRole('cell', { name: 'Denied' })).toHaveCount(0);
  await expectAccessible(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('menuitem', { name: 'As JSON lines' }).click();
  expect((await download).suggestedFilename()).toMatch(/^audit-.*\.jsonl$/);
});

test('an administrator gives a project another owner, and sees the system', async ({ browser }) => {
  const [owner, heir] = [await newPerson('standard_engineer', 'Olga Owner'), await newPerson('standard_engineer', 'Hans Heir')];
  const project = await ok(owner.api.POST('/api/v1/projects', { body: { name: `Estate ${owner.email}` } }));
  const page = await pageOf(browser, await theAdministrator());
  await page.goto(`/administration/projects?name=${encodeURIComponent(project.name)}`);
  await page.getByRole('button', { name: /New owner of Estate/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('searchbox').fill(heir.email);
  await dialog.getByRole('radio', { name: /Hans Heir/ }).check();
  await dialog.getByRole('button', { name: 'Change owner' }).click();
  await expect(page.getByRole('row', { name: new RegExp(owner.email) })).toContainText('Hans Heir');
  await expectAccessible(page);
  await page.goto('/administration/system');
  await expect(page.getByRole('row', { name: /platform_database/ })).toContainText('Works');
  await expect(page.getByRole('article').first()).toContainText('Jobs at a time');
  await expectAccessible(page);
});

test('a manager sees accounts, and no audit log', async ({ browser }) => {
  const page = await pageOf(browser, await newPerson('manager'));
  await page.goto('/administration/audit');
  await expect(page.getByText('Your role may not see this')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Users' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
});

test('a comparison of databases is started, watched to its end, and found again', async ({ browser }) => {
  const page = await pageOf(browser, await theAdministrator());
  await page.goto('/operations');
  await expect(page.getByRole('heading', { level: 1, name: 'Operations' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('menuitem', { name: 'Compare databases' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('First').selectOption('users');
  await dialog.getByLabel('Second').selectOption('users');
  await expect(dialog.getByText('Choose two different ones.')).toBeVisible();
  await dialog.getByLabel('Second').selectOption('labeler');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Start' }).click();
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Comparison of databases' })).toBeVisible();
  await expect(page.getByRole('list').filter({ hasText: 'Running' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'All operations' }).click();
  await page.getByLabel('Kind').selectOption('database_comparison');
  await expect(page).toHaveURL(/kind=database_comparison/);
  await expect(page.getByRole('row', { name: /users, labeler/ }).first()).toContainText(/Completed|Failed/);
});

test('a copy that replaces a database wants its name typed', async ({ browser }) => {
  const page = await pageOf(browser, await theAdministrator());
  await page.route('**/api/v1/operations/locations', (route) => route.fulfill({ json: { databases: ['users', 'archive'], buckets: ['datasets'], inUse: ['users', 'datasets'] } }));
  await page.goto('/operations/locations');
  await expect(page.getByRole('row', { name: /archive/ })).toContainText('Free for operations');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('menuitem', { name: 'Copy a database' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('From', { exact: true }).selectOption('users');
  await expect(dialog.getByLabel('To', { exact: true }).getByRole('option', { name: 'users' })).toHaveCount(0);
  await dialog.getByLabel('To', { exact: true }).selectOption('archive');
  await dialog.getByLabel('Remove everything in the target first').check();
  await dialog.getByLabel('Dry run').uncheck();
  await expect(dialog.getByText('Everything in “archive” will be removed.')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Start' })).toBeDisabled();
  await dialog.getByLabel('Type “archive” to confirm').fill('archive');
  await expect(dialog.getByRole('button', { name: 'Start' })).toBeEnabled();
  await expectAccessible(page);
});
