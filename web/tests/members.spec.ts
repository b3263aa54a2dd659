import { randomUUID } from 'node:crypto';
import { expect, expectAccessible, newPerson, ok, pageOf, test, theAdministrator, type Person } from './platform';

/** A person who owns a new project, and a colleague of the same organization. */
async function ownerAndColleague(): Promise<{ owner: Person; colleague: Person; projectId: string; organizationId: string }> {
  const { api } = await theAdministrator();
  const [owner, colleague] = [await newPerson('standard_engineer', 'Olga Owner'), await newPerson('standard_engineer', 'Carl Colleague')];
  const organization = await ok(api.POST('/api/v1/organizations', { body: { name: `Works ${randomUUID().slice(0, 8)}`, maxUsers: 20 } }));
  for (const person of [owner, colleague]) await ok(api.PUT('/api/v1/organizations/{id}/members/{userId}', { params: { path: { id: organization.id, userId: person.session.user.id } } }));
  const project = await ok(owner.api.POST('/api/v1/projects', { body: { name: 'Steel plates', description: null } }));
  return { owner, colleague, projectId: project.id, organizationId: organization.id };
}

test('an owner adds a colleague, changes the role, and hands the project over', async ({ browser }) => {
  const { owner, colleague, projectId } = await ownerAndColleague();
  const page = await pageOf(browser, owner);
  await page.goto(`/projects/${projectId}/members`);
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('From your organization').click();
  await dialog.getByRole('searchbox').fill(colleague.email);
  await dialog.getByRole('radio', { name: /Carl Colleague/ }).check();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Add to project' }).click();
  const role = page.getByLabel('Role of Carl Colleague');
  await expect(role).toHaveValue('member');
  await role.selectOption('viewer');
  await expect(page.getByText('Carl Colleague is now Viewer.').first()).toBeVisible();
  await page.reload();
  await expect(role).toHaveValue('viewer');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Actions for Carl Colleague' }).click();
  await page.getByRole('menuitem', { name: 'Make owner' }).click();
  await page.getByRole('button', { name: 'Transfer ownership' }).click();
  await expect(page.getByText('Carl Colleague now owns the project.').first()).toBeVisible();
  await expect(page.getByRole('row', { name: /Carl Colleague/ })).toContainText('Owner');
  const project = await ok(colleague.api.GET('/api/v1/projects/{id}', { params: { path: { id: projectId } } }));
  expect(project.ownerId).toBe(colleague.session.user.id);
});

test('an invitation is sent, sent again and withdrawn', async ({ browser }) => {
  const { owner, projectId } = await ownerAndColleague();
  const email = `guest-${randomUUID().slice(0, 8)}@example.com`;
  const page = await pageOf(browser, owner);
  await page.goto(`/projects/${projectId}/members`);
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail address').fill(owner.email);
  await dialog.getByRole('button', { name: 'Send invitation' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('E-mail address').fill(email);
  await dialog.getByLabel('Role').selectOption('admin');
  await dialog.getByRole('button', { name: 'Send invitation' }).click();
  await expect(page.getByRole('row', { name: new RegExp(email) })).toContainText('Admin');
  await page.getByRole('button', { name: `Send the invitation to ${email} again` }).click();
  // The server mails an address about the same thing only once in a while, and says so.
  await expect(page.getByText(/The earlier link no longer works|mailed about the same thing a moment ago/).first()).toBeVisible();

  await page.goto('/invitations/sent?state=pending');
  await expect(page.getByRole('row', { name: new RegExp(email) })).toContainText('Steel plates');
  await expectAccessible(page);
  await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByRole('row', { name: new RegExp(email) })).toHaveCount(0);
  await page.getByLabel('State').selectOption('cancelled');
  await expect(page).toHaveURL(/state=cancelled/);
  await expect(page.getByRole('row', { name: new RegExp(email) })).toContainText('Withdrawn');
});

test('a viewer sees neither settings nor invitations, and can leave', async ({ browser }) => {
  const { owner, colleague, projectId } = await ownerAndColleague();
  await ok(owner.api.POST('/api/v1/projects/{id}/members', { params: { path: { id: projectId } }, body: { userId: colleague.session.user.id, role: 'viewer' } }));
  const page = await pageOf(browser, colleague);
  await page.goto(`/projects/${projectId}/settings`);
  await expect(page.getByText('Your role may not change the settings of this project')).toBeVisible();
  await page.goto(`/projects/${projectId}/members`);
  await expect(page.getByRole('row', { name: /Olga Owner/ })).toContainText('Owner');
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Invite' })).toHaveCount(0);
  await expect(page.getByLabel(/Role of/)).toHaveCount(0);
  await page.getByRole('button', { name: 'Leave project' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Leave project' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(page.getByText('No projects yet')).toBeVisible();
});

test('a project is renamed, and deleted by its name', async ({ browser }) => {
  const { owner, projectId } = await ownerAndColleague();
  const page = await pageOf(browser, owner);
  await page.goto(`/projects/${projectId}/settings`);
  await page.getByLabel('Name').fill('Copper plates');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The changes are saved.').first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete project' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText('0 datasets');
  await expect(dialog.getByRole('button', { name: 'Delete project' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('Copper plates');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete project' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(page.getByText('No projects yet')).toBeVisible();
});

test('an organization shows its people and limits, and a manager invites to it', async ({ browser }) => {
  const { organizationId, colleague } = await ownerAndColleague();
  const { api } = await theAdministrator();
  const manager = await newPerson('manager', 'Mia Manager');
  await ok(api.PUT('/api/v1/organizations/{id}/members/{userId}', { params: { path: { id: organizationId, userId: manager.session.user.id } } }));
  const page = await pageOf(browser, manager);
  await page.goto('/organizations');
  await expect(page).toHaveURL(new RegExp(organizationId));
  await expect(page.getByText('3 of 20')).toBeVisible();
  await page.getByRole('searchbox').fill('Carl');
  await expect(page.getByRole('row', { name: new RegExp(colleague.email) })).toBeVisible();
  await expect(page.getByRole('row', { name: new RegExp(manager.email) })).toHaveCount(0);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Invite' }).click();
  await expect(page.getByRole('dialog').getByLabel('Role').getByRole('option', { name: 'Administrator' })).toHaveCount(0);
  await page.getByRole('dialog').getByLabel('E-mail address').fill(`new-${randomUUID().slice(0, 8)}@example.com`);
  await page.getByRole('button', { name: 'Send invitation' }).click();
  await expect(page.getByText('4 of 20')).toBeVisible();
});
