import { defineConfig } from '@playwright/test';
import base from '../playwright.config';

// Measurements of the console: `./platform bench web` runs them one by one against a platform of its own.
export default defineConfig(base, {
  testDir: '.',
  testMatch: '*.bench.ts',
  outputDir: '../test-results/bench',
  timeout: 600_000,
  workers: 1,
  reporter: [['./lines.ts']],
  use: { screenshot: 'off', contextOptions: { reducedMotion: 'no-preference' } },
});
