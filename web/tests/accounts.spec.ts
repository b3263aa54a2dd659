import { expect, expectAccessible, newPerson, pageOf, test } from './platform';

test('a person signs in, and comes to the page that was asked for', async ({ page }) => {
  const person = await newPerson('guest');
  await page.goto('/projects?name=steel');
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expectAccessible(page);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('password');
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/projects\?name=steel$/);
  await expect(page.getByRole('searchbox')).toHaveValue('steel');
});

test('signing out in one tab signs out the other', async ({ browser }) => {
  const page = await pageOf(browser, await newPerson('guest'));
  await page.goto('/');
  const other = await page.context().newPage();
  await other.goto('/projects');
  await expect(other.getByRole('heading', { name: 'Projects' })).toBeVisible();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(other).toHaveURL(/\/sign-in/);
});

test('an expired access token is renewed once for two tabs', async ({ browser }) => {
  const person = await newPerson('guest');
  const page = await pageOf(browser, person);
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Projects' })).toBeVisible();
  const other = await page.context().newPage();
  await other.goto('/projects');
  await expect(other.getByRole('heading', { name: 'Projects' })).toBeVisible();
  let renewals = 0;
  await page.context().route('**/api/v1/auth/refresh', (route) => { renewals++; return route.continue(); });
  await page.evaluate(() => {
    const session = JSON.parse(localStorage.getItem('session')!) as { expiresAt: number };
    localStorage.setItem('session', JSON.stringify({ ...session, expiresAt: 0 }));
  });
  await Promise.all([page.reload(), other.reload()]);
  await expect(page.getByRole('link', { name: 'Projects' })).toBeVisible();
  await expect(other.getByRole('heading', { name: 'Projects' })).toBeVisible();
  expect(renewals).toBe(1);
});

test('a person signs up where that is open', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill('Bo Park');
  await page.getByLabel('E-mail address').fill(`bo-${Date.now()}@example.com`);
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await expect(page.getByRole('alert')).toContainText('12');
  await page.getByLabel('Password').fill('look at the green field');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await expect(page.getByRole('link', { name: 'Go to sign-in' })).toBeVisible();
});
