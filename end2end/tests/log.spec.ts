// The Log: paging, permalinks, and texts of every kind.
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

test('pages go back and forth, and a reload stays where it is', async ({ page, request, instance, a11y }) => {
  const token = await instance.createToken('app', 'ingest');
  const events = Array.from({ length: 60 }, (_, number) => ({
    event_type: 'test',
    created_at: new Date(Date.UTC(2026, 2, 1, 12, 0, number)).toISOString(),
    details: { custom_message: `Event ${String(number).padStart(2, '0')}` },
  }));
  await postEvents(request, instance, token, JSON.stringify(events));
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  const cell = (number: number) => page.getByRole('cell', { name: `Event ${String(number).padStart(2, '0')}` });
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(cell(0)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Older' })).toBeHidden();
  await a11y.expectNoViolations();
  await page.reload();
  await expect(cell(0)).toBeVisible();
  await page.getByRole('link', { name: 'Newer' }).click();
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(cell(59)).toBeVisible();
});

test('an event has an address of its own', async ({ page, request, instance }) => {
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"event_type":"x","details":{"custom_message":"Look at this"}}');
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await page.getByRole('row').filter({ hasText: 'Look at this' }).click();
  await expect(page).toHaveURL(/[?&]event=\d+/);
  await page.reload();
  await expect(page.getByRole('dialog')).toContainText('Look at this');
});

test('markup, right-to-left text and long names are shown as text', async ({ page, request, instance, a11y }) => {
  const token = await instance.createToken('app', 'ingest');
  const event = {
    event_type: 'x',
    author_name: '<script>window.wasRun = true</script>',
    entity_path: 'مجموعة/مشروع',
    target_details: 'n'.repeat(3000),
    details: { custom_message: '</script><img src=x onerror="window.wasRun = true"> 🧮' },
  };
  await postEvents(request, instance, token, JSON.stringify(event));
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  const row = page.getByRole('row').filter({ hasText: 'onerror=' });
  await expect(row).toContainText('مجموعة/مشروع');
  await row.click();
  await expect(page.getByRole('dialog')).toContainText('<script>window.wasRun');
  expect(await page.evaluate(() => 'wasRun' in window)).toBe(false);
  await a11y.expectNoViolations();
});
