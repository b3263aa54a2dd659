import createClient from 'openapi-fetch';
import type { paths } from '../src/api/schema';
import { expect, expectAccessible, newPerson, ok, origin, pageOf, test } from './platform';

test('a person changes name and avatar, and the console shows them', async ({ browser }) => {
  const page = await pageOf(browser, await newPerson('guest'));
  await page.goto('/profile');
  await page.getByLabel('Name').fill('Ann Jones');
  await page.getByLabel('Color #6d28d9').press('Space');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The changes are saved.').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Account' })).toContainText('Ann Jones');
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByLabel('Color #6d28d9')).toBeChecked();
});

test('theme and language follow the choice and stay', async ({ browser }) => {
  const person = await newPerson('guest');
  const page = await pageOf(browser, person);
  await page.goto('/profile');
  await page.getByText('한국어').click();
  await expect(page.getByRole('heading', { level: 1, name: '프로필 및 설정' })).toBeVisible();
  await page.getByRole('radio', { name: '어둡게' }).check({ force: true });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expectAccessible(page);
});

test('a token is shown once, works within its scopes, and stops when it is revoked', async ({ browser }) => {
  const person = await newPerson('standard_engineer');
  const page = await pageOf(browser, person);
  await page.goto('/profile/tokens');
  await expect(page.getByText('No tokens yet')).toBeVisible();
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('dialog').getByLabel('What it is for').fill('Nightly job');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByRole('heading', { name: 'Copy the token now' })).toBeVisible();
  const secret = await page.getByRole('dialog').locator('code').first().innerText();
  const api = createClient<paths>({ baseUrl: origin, headers: { Authorization: `Bearer ${secret}` } });
  await ok(api.GET('/api/v1/projects'));
  expect((await api.POST('/api/v1/projects', { body: { name: 'No' } })).response.status).toBe(403);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.getByRole('row', { name: /Nightly job/ })).toContainText('read');
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke Nightly job' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('No tokens yet')).toBeVisible();
  expect((await api.GET('/api/v1/projects')).response.status).toBe(401);
});

test('a new password ends the other sessions and keeps this one', async ({ browser }) => {
  const person = await newPerson('guest');
  await ok(createClient<paths>({ baseUrl: origin }).POST('/api/v1/auth/login', { body: { email: person.email, password: person.password } }));
  const page = await pageOf(browser, person);
  await page.goto('/profile/security');
  await expect(page.getByText('This one')).toBeVisible();
  await expectAccessible(page);
  const form = page.locator('form').filter({ hasText: 'New password' });
  await form.getByLabel('Current password').fill('not my password');
  await form.getByLabel('New password').fill('a river runs through it');
  await form.getByRole('button', { name: 'Change password' }).click();
  await expect(form.getByRole('alert')).toBeVisible();
  await form.getByLabel('Current password').fill(person.password);
  await form.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('All other sessions were ended.').first()).toBeVisible();
  await expect(page.getByRole('button', { name: /End the session/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
});

test('the home says which limit is used up', async ({ browser }) => {
  const person = await newPerson('guest');
  await ok(person.api.POST('/api/v1/projects', { body: { name: 'My only project' } }));
  const page = await pageOf(browser, person);
  await page.goto('/');
  await expect(page.getByText('Projects: used up')).toBeVisible();
  await expect(page.getByText('Nothing is running')).toBeVisible();
  await expect(page.getByRole('link', { name: /My only project/ })).toBeVisible();
  await expectAccessible(page);
});
