import type { Locator, Page } from '@playwright/test';
import { expect, newPerson, ok, origin, test, theAdministrator } from './platform';

/** Fails when one cannot see where the focus is: nothing has it, it is outside the window, or neither it nor what stands for it has an outline, ring or border of its own. */
async function expectFocusVisible(page: Page): Promise<void> {
  // What moves into the window for the focus may take a frame.
  await expect.poll(() => page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return 'nothing has the focus';
    // A radio button that is drawn as a card or a segment is hidden; its label shows the focus.
    const shown = focused.matches('input.visually-hidden') ? (focused.closest('label') ?? focused) : focused;
    const box = shown.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return `${shown.outerHTML.slice(0, 120)} has no size`;
    if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) return `${shown.outerHTML.slice(0, 120)} is outside the window`;
    const style = getComputedStyle(shown);
    const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return outline || style.boxShadow !== 'none' ? '' : `${shown.outerHTML.slice(0, 200)} shows no focus`;
  }), { timeout: 10_000 }).toBe('');
}

const holdsFocus = (target: Locator): Promise<boolean> => target.evaluateAll((nodes) => nodes.includes(document.activeElement as HTMLElement)).catch(() => false);

/** Presses Tab until the target has the focus; looks at the focus at every stop. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target.first()).toBeAttached();
  for (let stop = 0; stop < 150; stop++) {
    if (await holdsFocus(target)) return expectFocusVisible(page);
    await page.keyboard.press('Tab');
    // After the last stop of the page the focus is in the browser's own bar for one press.
    if (await page.evaluate(() => document.activeElement !== document.body)) await expectFocusVisible(page);
  }
  throw new Error(`150 presses of Tab did not reach ${String(target)}`);
}

test('a person signs in, starts a training and cancels it with the keyboard alone', async ({ browser }) => {
  const admin = await theAdministrator();
  const project = (await ok(admin.api.GET('/api/v1/projects', { params: { query: { name: 'demo' } } }))).items[0]!;
  const person = await newPerson('standard_engineer', 'Kay Board');
  await ok(admin.api.POST('/api/v1/projects/{id}/members', { params: { path: { id: project.id } }, body: { userId: person.session.user.id, role: 'member' } }));
  const page = await (await browser.newContext({ baseURL: origin, locale: 'en-US', viewport: { width: 1280, height: 800 } })).newPage();

  await page.goto('/');
  await tabTo(page, page.getByLabel('E-mail address', { exact: true }));
  await page.keyboard.type(person.email);
  await tabTo(page, page.getByLabel('Password', { exact: true }));
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');

  await tabTo(page, page.getByRole('link', { name: 'Projects', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects$/);
  await tabTo(page, page.getByRole('link', { name: new RegExp(project.name) }).first());
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(project.id));
  await tabTo(page, page.getByRole('link', { name: 'Training', exact: true }).first());
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Training jobs' })).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: 'New training' }).first());
  await page.keyboard.press('Enter');

  // The cards are one group of radio buttons: Tab comes to it, Space or an arrow chooses.
  const models = page.getByRole('group', { name: 'Models of torchvision' }).getByRole('radio');
  await tabTo(page, models);
  const small = page.getByRole('radio', { name: /Small CNN/ });
  for (let step = 0; step < 8 && !(await holdsFocus(small)); step++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(small).toBeChecked();
  await tabTo(page, page.getByLabel('Epochs', { exact: true }));
  await page.keyboard.type('500');
  await tabTo(page, page.getByLabel('Name', { exact: true }));
  await page.keyboard.type('By keyboard');
  await tabTo(page, page.getByRole('button', { name: 'Start training' }));
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { level: 1, name: 'By keyboard' })).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Cancel training' }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toBeVisible();
  await tabTo(page, dialog.getByRole('button', { name: 'Cancel training' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Cancelled', { exact: true })).toBeVisible();
  await expect(dialog).toHaveCount(0);
  // The button that opened the dialog is gone with the state; Tab still leads somewhere that is seen.
  await page.keyboard.press('Tab');
  await expectFocusVisible(page);
});
