// What an open page asks by itself: nothing is sent again that has not changed, and a hidden tab asks nothing.
import type { Page, Response } from '@playwright/test';

import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

function isPoll(response: Response): boolean {
  return response.url().includes('/api/page/') && response.request().method() === 'GET';
}

async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

test('what has not changed is not sent again', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/tokens');
  const poll = await page.waitForResponse((response) => isPoll(response) && response.url().includes('/tokens/list'));
  const answer = (await poll.json()) as { value: unknown };
  expect(answer.value).toBeNull();
  expect((await poll.body()).length).toBeLessThan(200);
});

test('a hidden tab asks nothing, and asks at once when it is shown again', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/network');
  // Only what starts from here on goes by this clock: the page to which the link leads.
  await page.clock.install();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API tokens' }).click();
  await expect(page.getByText('No token yet.')).toBeVisible();
  await hide(page, true);
  let polls = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/page/')) polls += 1;
  });
  await page.clock.runFor(60_000);
  expect(polls).toBe(0);
  const asked = page.waitForRequest(/\/tokens\/list/);
  await hide(page, false);
  await asked;
});

test('a page that is being left asks nothing: its session may have ended already', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/network');
  // Only what starts from here on goes by this clock: the page to which the link leads.
  await page.clock.install();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API tokens' }).click();
  await expect(page.getByText('No token yet.')).toBeVisible();
  // An answer without content leaves the page where it is, so that it can be watched.
  await page.route('**/session/sign_out', (route) => route.fulfill({ status: 204 }));
  await page.getByRole('button', { name: /^Account of/ }).click();
  const signedOut = page.waitForResponse('**/session/sign_out');
  await page.getByRole('button', { name: 'Sign out' }).click({ noWaitAfter: true });
  await signedOut;
  let polls = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/page/')) polls += 1;
  });
  await page.clock.runFor(60_000);
  expect(polls).toBe(0);
  const asked = page.waitForRequest(/\/tokens\/list/);
  // As when the browser shows a page that it has kept.
  await page.evaluate(() => dispatchEvent(new Event('pageshow')));
  await page.clock.runFor(5_000);
  await asked;
});

test('pages are compressed', async ({ page, instance }) => {
  await signIn(page, instance);
  for (const address of ['/', '/admin/audit_logs?tab=log', '/admin/audit_logs?tab=streams', '/help']) {
    const response = await page.goto(address);
    expect(await response?.headerValue('content-encoding'), address).toMatch(/^(br|gzip)$/);
  }
});
