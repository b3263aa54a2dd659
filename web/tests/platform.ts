import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Browser, type Page } from '@playwright/test';
import createClient from 'openapi-fetch';
import { randomUUID } from 'node:crypto';
import type { paths, Session, SystemRole } from '../src/api/schema';

export const origin = process.env.CONSOLE_URL ?? 'http://127.0.0.1:7071';

const admin = { email: process.env.ADMIN_EMAIL ?? 'admin@example.com', password: process.env.ADMIN_PASSWORD ?? '' };

/** A person with an account, a session and a typed client of the API. */
export type Person = { email: string; password: string; session: Session; api: ReturnType<typeof createClient<paths>> };

async function signIn(email: string, password: string): Promise<Person> {
  const { data, error } = await createClient<paths>({ baseUrl: origin }).POST('/api/v1/auth/login', { body: { email, password } });
  if (data === undefined) throw new Error(`${email} cannot sign in: ${JSON.stringify(error)}`);
  return { email, password, session: data, api: createClient<paths>({ baseUrl: origin, headers: { Authorization: `Bearer ${data.accessToken}` } }) };
}

/** The answer of the API, or an error that shows what it said. */
export async function ok<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${JSON.stringify(error)}`);
  return data as T;
}

let administrator: Promise<Person> | undefined;
export const theAdministrator = (): Promise<Person> => (administrator ??= signIn(admin.email, admin.password));

/** A new account with a role. The platform under test lets everybody sign up (SIGN_UP=open). */
export async function newPerson(role: SystemRole, fullName = 'Ann Smith'): Promise<Person> {
  const email = `${role}-${randomUUID().slice(0, 8)}@example.com`;
  const password = 'look at the green field';
  await ok(createClient<paths>({ baseUrl: origin }).POST('/api/v1/auth/sign-up', { body: { email, password, fullName } }));
  const person = await signIn(email, password);
  if (role !== 'guest') {
    const { api } = await theAdministrator();
    await ok(api.PUT('/api/v1/admin/users/{id}/role', { params: { path: { id: person.session.user.id } }, body: { role } }));
  }
  return signIn(email, password);
}

/** A page on which this person is signed in. */
export async function pageOf(browser: Browser, person: Person, options: { theme?: 'light' | 'dark'; language?: 'en' | 'ko'; width?: number } = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: origin, viewport: { width: options.width ?? 1440, height: 900 } });
  const stored = {
    accessToken: person.session.accessToken,
    expiresAt: Date.now() + person.session.expiresIn * 1000,
    refreshToken: person.session.refreshToken,
    mustChangePassword: person.session.mustChangePassword,
    user: person.session.user,
  };
  await context.addInitScript(
    ([session, theme, language]) => {
      if (localStorage.getItem('session') === null && sessionStorage.getItem('was-signed-in') === null) localStorage.setItem('session', session!);
      sessionStorage.setItem('was-signed-in', 'yes');
      localStorage.setItem('theme', theme!);
      localStorage.setItem('language', language!);
    },
    [JSON.stringify(stored), options.theme ?? 'light', options.language ?? 'en'] as const,
  );
  return context.newPage();
}

/** Fails with the rules that a page breaks (WCAG 2.1 A and AA), and where. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
  const found = violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} — ${node.failureSummary ?? ''}`));
  expect(found, page.url()).toEqual([]);
}

/** Fails when the page is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth] as const);
  expect(content, `${page.url()} is wider than its window`).toBeLessThanOrEqual(window);
}

export const test = base.extend<{ errors: string[] }>({
  // Every test fails when a page throws or the browser reports an error, such as one of the content security policy.
  errors: [
    async ({ context }, use) => {
      const errors: string[] = [];
      context.on('weberror', (error) => errors.push(error.error().message));
      context.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) errors.push(message.text());
      });
      await use(errors);
      expect(errors, 'errors of the page').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
