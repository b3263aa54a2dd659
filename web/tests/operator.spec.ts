import type { Locator, Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, pageOf, test, theAdministrator } from './platform';

/** The card of a page that has this title. */
const cardOf = (page: Page, title: string): Locator => page.locator('section').filter({ has: page.getByRole('heading', { level: 2, name: title }) });

/** Waits on the page of an operation until it has completed, and returns its report. */
async function completed(page: Page, title: string): Promise<Locator> {
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  // A sync copies all that other tests have uploaded.
  await expect(page.getByRole('list').filter({ hasText: 'Completed' })).toBeVisible({ timeout: 300_000 });
  await expect(page.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '100');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  return cardOf(page, 'Report');
}

/** Opens a dialog of the menu that starts operations, and chooses between what. */
async function starting(page: Page, item: string, choices: Record<string, string>): Promise<Locator> {
  await page.goto('/operations/locations');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
  const dialog = page.getByRole('dialog');
  for (const [label, choice] of Object.entries(choices)) await dialog.getByLabel(label, { exact: true }).selectOption(choice);
  return dialog;
}

const startIn = (dialog: Locator): Promise<void> => dialog.getByRole('button', { name: 'Start', exact: true }).click();

// The database of the labeler holds still while other tests run, so what was filled from it can be compared with it.
test('an operator backs up a database, tries the backup, restores it into an empty database, replaces that by a copy, and syncs a bucket', async ({ browser }) => {
  test.setTimeout(900_000);
  const page = await pageOf(browser, await theAdministrator());
  await page.goto('/operations');
  const labeler = cardOf(page, 'labeler');
  await labeler.getByRole('button', { name: 'Back up now' }).click();
  await completed(page, 'Backup');

  await page.goto('/operations');
  await expect(labeler).toContainText('In order');
  await labeler.getByRole('button', { name: 'Try a restore' }).click();
  await completed(page, 'Trial restore');

  await page.goto('/operations');
  await expect(labeler).not.toContainText('never');
  await expectAccessible(page);
  await labeler.getByRole('button', { name: /^Actions for / }).first().click();
  await page.getByRole('menuitem', { name: 'Restore …' }).click();
  const restore = page.getByRole('dialog');
  await restore.getByLabel('To', { exact: true }).selectOption('archive');
  await restore.getByLabel('Dry run').uncheck();
  await startIn(restore);
  await completed(page, 'Restore');

  await startIn(await starting(page, 'Compare databases', { First: 'labeler', Second: 'archive' }));
  await expect(await completed(page, 'Comparison of databases')).toContainText(/Differences\s*0/);

  const copy = await starting(page, 'Copy a database', { From: 'labeler', To: 'archive' });
  await copy.getByLabel('Remove everything in the target first').check();
  await copy.getByLabel('Dry run').uncheck();
  await copy.getByLabel('Type “archive” to confirm').fill('archive');
  await startIn(copy);
  await completed(page, 'Copy of a database');

  const sync = await starting(page, 'Sync a bucket', { From: 'datasets', To: 'replica' });
  await sync.getByLabel('Dry run').uncheck();
  await startIn(sync);
  await completed(page, 'Sync of a bucket');

  await startIn(await starting(page, 'Compare buckets', { First: 'datasets', Second: 'replica' }));
  const compared = await completed(page, 'Comparison of buckets');
  await expect(compared).not.toContainText(/Equal\s*0/);
});
