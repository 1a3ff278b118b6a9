// `cargo xtask test` runs this after it has built the server and found a Chromium. By hand, in this folder:
//   AUDIT_STREAMS_CHROMIUM=/usr/bin/chromium npx playwright test
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  // A test that fails now and then is a bug of the test or of the product: it is never run again until it passes.
  retries: 0,
  workers: 2,
  forbidOnly: process.env.CI !== undefined,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  projects: [
    { name: 'page', testIgnore: /no-script/ },
    { name: 'no JavaScript', testMatch: /no-script/, use: { javaScriptEnabled: false } },
  ],
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      // Unset, it is the Chromium that Playwright itself has installed.
      executablePath: process.env.AUDIT_STREAMS_CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
