// `cargo xtask bench page` runs this against a release build.
import { defineConfig } from '@playwright/test';

import config from './playwright.config.ts';

export default defineConfig({
  ...config,
  testDir: 'bench',
  projects: [{ name: 'bench', testMatch: /\.bench\.ts$/ }],
  workers: 1,
  timeout: 600_000,
  use: { ...config.use, trace: 'off', screenshot: 'off' },
});
