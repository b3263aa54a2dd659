import { defineConfig } from '@playwright/test';

// Against a running platform: CONSOLE_URL, ADMIN_EMAIL and ADMIN_PASSWORD name it (`./platform test console` starts one).
export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // A loaded machine may be slow; a test waits for what it expects and is not decided by time.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  fullyParallel: false,
  workers: Number(process.env.CONSOLE_TEST_WORKERS ?? 2),
  reporter: process.env.CI ? [['list'], ['junit', { outputFile: process.env.CONSOLE_TEST_RESULTS ?? 'test-results/browser.xml' }]] : [['list']],
  use: {
    baseURL: process.env.CONSOLE_URL ?? 'http://127.0.0.1:7071',
    browserName: 'chromium',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] },
    screenshot: 'only-on-failure',
    // A trace of every step takes longer than the test; TRACE=on shows a failure in detail.
    trace: process.env.TRACE === 'on' ? 'retain-on-failure' : 'off',
    contextOptions: { reducedMotion: 'reduce' },
    viewport: { width: 1440, height: 900 },
  },
});
