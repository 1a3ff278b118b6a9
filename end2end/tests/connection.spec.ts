// What a page does while the server does not answer: it says so once, moves nothing, and recovers by itself.
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

const OUT_OF_DATE = 'Data may be out of date. Reconnecting…';
const REQUESTS = '**/api/page/**';

test('a server that stays silent is reported, without moving the page, and asked again', async ({ page, instance, a11y }) => {
  await page.setViewportSize({ width: 1280, height: 400 });
  await signIn(page, instance);
  await page.goto('/admin/settings/network');
  const title = page.getByRole('heading', { level: 1 });
  const before = await title.boundingBox();
  // Requests are accepted and never answered.
  await page.route(REQUESTS, () => undefined);
  const bar = page.getByText(OUT_OF_DATE);
  await expect(bar).toBeVisible({ timeout: 30_000 });
  expect(await title.boundingBox()).toEqual(before);
  await a11y.expectNoViolations();
  await page.evaluate(() => { window.scrollTo(0, document.body.scrollHeight); });
  await expect(bar).toBeInViewport();
  await page.unroute(REQUESTS);
  await expect(bar).toBeHidden({ timeout: 30_000 });
});

test.describe('requests that fail', () => {
  test.use({ expectedConsole: [/ERR_FAILED/] });

  test('are sent again by the Log and by the details of an event', async ({ page, request, instance }) => {
    const token = await instance.createToken('source', 'ingest');
    await postEvents(request, instance, token, '{"event_type":"user_created","details":{"custom_message":"Ada was created."}}');
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=streams');
    await page.route(REQUESTS, (route) => route.abort());
    await page.getByRole('tab', { name: 'Log' }).click();
    const failed = page.getByRole('alert').filter({ hasText: "The Log can't be shown." });
    await expect(failed).toBeVisible();
    await page.unroute(REQUESTS);
    const event = page.getByRole('link', { name: 'Ada was created.' });
    await expect(event).toBeVisible({ timeout: 10_000 });
    await expect(failed).toBeHidden();

    await page.route(REQUESTS, (route) => route.abort());
    await event.click();
    const details = page.getByRole('dialog', { name: 'Audit event details' });
    await expect(details.getByText("This event can't be shown.")).toBeVisible();
    await page.unroute(REQUESTS);
    await expect(details.getByText('Event type')).toBeVisible({ timeout: 10_000 });
  });
});
