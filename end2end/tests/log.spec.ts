// The Log: paging, permalinks, texts of every kind, filters, live tail and exports.
import { readFile } from 'node:fs/promises';

import type { APIRequestContext, Locator, Page } from '@playwright/test';

import type { Instance } from '../fixtures/instance.ts';
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
  await turn(page, 'Older');
  await turn(page, 'Older');
  await expect(cell(0)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Older' })).toBeHidden();
  await a11y.expectNoViolations();
  await page.reload();
  await expect(cell(0)).toBeVisible();
  await turn(page, 'Newer');
  await turn(page, 'Newer');
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

/** Sixty events of two people in a project and a group, a minute apart. */
async function postTicks(request: APIRequestContext, instance: Instance): Promise<string> {
  const token = await instance.createToken('ticks', 'ingest');
  const events = Array.from({ length: 60 }, (_, number) => ({
    event_type: number % 3 === 0 ? 'project_ticked' : 'group_ticked',
    author_id: 70 + (number % 2),
    author_name: number % 2 === 0 ? 'Ada Lovelace' : 'Grace Hopper',
    entity_type: number % 3 === 0 ? 'Project' : 'Group',
    entity_id: 4,
    entity_path: number % 3 === 0 ? 'engine/difference' : 'engine',
    ip_address: `10.0.0.${number % 5}`,
    created_at: new Date(Date.UTC(2026, 2, 1, 12, number)).toISOString(),
    details: { custom_message: `Tick ${String(number).padStart(2, '0')}.` },
  }));
  await postEvents(request, instance, token, JSON.stringify(events));
  return token;
}

async function addFilter(page: Page, token: string, value: string): Promise<void> {
  await page.getByLabel('Filter by').selectOption(token);
  await page.getByLabel('Value').fill(value);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('list', { name: 'Filters' }).getByText(value, { exact: true })).toBeVisible();
  // Emptied when the filter is in effect: what is typed from now on stays.
  await expect(page.getByLabel('Value')).toHaveValue('');
}

/** Rows without the head. */
function rows(page: Page): Locator {
  return page.getByRole('table', { name: 'Log' }).getByRole('row').filter({ has: page.getByRole('cell') });
}

/** Goes to the page before or after, and waits until it is shown: the links of the last page are gone then. */
async function turn(page: Page, name: 'Older' | 'Newer'): Promise<void> {
  const first = await rows(page).first().innerText();
  await page.getByRole('link', { name }).click();
  await expect(rows(page).first()).not.toHaveText(first, { useInnerText: true });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`${colorScheme}`, () => {
    test.use({ colorScheme });

    test('tokens narrow the Log, and Back takes the last one away', async ({ page, request, instance, a11y }) => {
      await postTicks(request, instance);
      await signIn(page, instance);
      await page.goto('/admin/audit_logs?tab=log');
      await addFilter(page, 'User Events', 'Ada Lovelace');
      await addFilter(page, 'Project Events', 'engine/difference');
      await expect(rows(page)).toHaveCount(10);
      await expect(page.getByLabel('Value')).toBeFocused();
      await expect(page.getByLabel('Value')).toHaveValue('');
      await addFilter(page, 'IP address', '10.0.0.4');
      await expect(rows(page)).toHaveCount(2);
      await expect(page).toHaveURL(/author_username=Ada%20Lovelace.*entity_type=Project.*ip_address=10\.0\.0\.4/);
      await a11y.expectNoViolations();
      await page.reload();
      await expect(rows(page)).toHaveCount(2);
      await page.goBack();
      await expect(rows(page)).toHaveCount(10);
      await page.getByRole('link', { name: 'Remove Project Events' }).click();
      await expect(page.getByRole('link', { name: 'Older' })).toBeVisible();
      await rows(page).first().click();
      await expect(page.getByRole('dialog')).toContainText('Tick 58.');
      await a11y.expectNoViolations();
      await page.getByRole('dialog').getByRole('link', { name: 'Close' }).click();
      await page.getByRole('link', { name: 'Clear filters' }).click();
      await expect(page.getByRole('list', { name: 'Filters' })).toBeHidden();
    });

    test('nothing matches, and the way back', async ({ page, request, instance, a11y }) => {
      await postTicks(request, instance);
      await signIn(page, instance);
      await page.goto('/admin/audit_logs?tab=log');
      await addFilter(page, 'Text in details', 'no such words');
      await expect(page.getByRole('heading', { name: 'No events match' })).toBeVisible();
      await a11y.expectNoViolations();
      await page.getByRole('link', { name: 'Clear filters' }).first().click();
      await expect(rows(page)).toHaveCount(25);
    });
  });
}

test('suggestions follow the kind of filter', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  const suggestions = () => page.getByLabel('Value').evaluate((input: HTMLInputElement) => {
    return Array.from(input.list?.options ?? [], (option) => option.value);
  });
  await expect.poll(suggestions).toEqual(expect.arrayContaining(['Ada Lovelace', 'Grace Hopper']));
  await page.getByLabel('Filter by').selectOption('Event type');
  await expect.poll(suggestions).toEqual(expect.arrayContaining(['project_ticked', 'group_ticked']));
});

test('days, ranges and the order stand in the address', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await page.getByLabel('Sort by').selectOption('Oldest created');
  await expect(rows(page).first()).toContainText('Tick 00.');
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(rows(page).first()).toContainText('Tick 25.');
  await page.getByLabel('Sort by').selectOption('Last created');
  await expect(page).toHaveURL((url) => !url.search.includes('sort'));
  await page.getByLabel('To', { exact: true }).fill('2026-03-01');
  await expect(page).toHaveURL(/created_before=2026-03-01/);
  await expect(rows(page).first()).toContainText('Tick 59.');
  await page.getByLabel('From').fill('2026-03-01');
  await expect(page).toHaveURL(/created_after=2026-03-01&created_before=2026-03-01/);
  await page.getByRole('link', { name: 'Last 14 days' }).click();
  await expect(page.getByRole('link', { name: 'Last 14 days' })).toHaveAttribute('aria-current', 'true');
  await expect(page.getByLabel('From')).toHaveValue('');
  await page.getByRole('link', { name: 'All time' }).click();
  await expect(page).toHaveURL(/\?tab=log$/);
});

test.describe('an address with a mistake in it', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('is told at the field', async ({ page, instance, a11y }) => {
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log&created_after=yesterday');
    await expect(page.getByLabel('From')).toHaveAccessibleDescription(
      'Invalid date format. Please use UTC format as YYYY-MM-DD',
    );
    await a11y.expectNoViolations();
    await page.getByLabel('From').fill('2026-03-01');
    await expect(page.getByRole('heading', { name: 'No events match' }).or(page.getByRole('table'))).toBeVisible();
  });
});

test('live tail announces what is new and moves nothing', async ({ page, request, instance, a11y }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked');
  const first = rows(page).first();
  await expect(first).toContainText('Tick 59.');
  await page.getByRole('switch', { name: 'Live tail' }).click();
  await expect(page.getByRole('switch', { name: 'Live tail' })).toBeChecked();
  await expect(page).toHaveURL(/live=on/);
  const before = await first.boundingBox();
  const later = ['group_ticked', 'group_ticked', 'project_ticked'].map((event_type, number) =>
    JSON.stringify({ event_type, details: { custom_message: `Later ${number}` } }));
  await postEvents(request, instance, token, later.join('\n'));
  const bar = page.getByRole('button', { name: '2 new events' });
  await expect(bar).toBeVisible();
  expect(await first.boundingBox()).toEqual(before);
  await a11y.expectNoViolations();
  await bar.click();
  await expect(first).toContainText('Later 1');
  await expect(bar).toBeHidden();
  await page.getByRole('switch', { name: 'Live tail' }).press('Space');
  await expect(page).not.toHaveURL(/live=on/);
});

test('live tail shows what comes in late above the newest page', async ({ page, request, instance, a11y }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked&live=on');
  await expect(rows(page)).toHaveCount(25);
  const late = { event_type: 'group_ticked', created_at: '2020-01-01T00:00:00Z', details: { custom_message: 'From long ago' } };
  await postEvents(request, instance, token, JSON.stringify(late));
  await page.getByRole('button', { name: '1 new event' }).click();
  await expect(rows(page).first()).toContainText('From long ago');
  await expect(rows(page).first()).toContainText('Late');
  await expect(rows(page)).toHaveCount(26);
  await a11y.expectNoViolations();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(rows(page).first()).toContainText('Tick 59.');
});

test.describe('on a narrow screen', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('the filters are behind a button', async ({ page, request, instance, a11y }) => {
    await postTicks(request, instance);
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log');
    const button = page.getByRole('button', { name: 'Filter and export' });
    await expect(button).toHaveAttribute('aria-expanded', 'false');
    await expect(page.getByLabel('Filter by')).toBeHidden();
    const first = await rows(page).first().boundingBox();
    expect(first?.y).toBeLessThan(422);
    await button.click();
    await expect(button).toHaveAttribute('aria-expanded', 'true');
    await a11y.expectNoViolations();
    await addFilter(page, 'Project Events', 'engine/difference');
    await expect(rows(page)).toHaveCount(20);
    await expect(page.getByLabel('Value')).toBeFocused();
    await button.click();
    await expect(page.getByLabel('Filter by')).toBeHidden();
    await expect(page.getByRole('link', { name: 'Remove Project Events' })).toBeVisible();
  });
});

test('exports hold what the filter admits', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&entity_type=Project&entity_id=engine/difference');
  for (const [name, file, lines] of [
    ['Export as CSV', /^audit-events-\d+\.csv$/, 21],
    ['Export as JSON Lines', /^audit-events-\d+\.jsonl$/, 20],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(file);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(lines);
  }
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the form filters all the same', async ({ page, request, instance }) => {
    await postTicks(request, instance);
    await page.goto('/sign_in');
    await page.getByLabel('Username').fill(instance.username);
    await page.getByLabel('Password').fill(instance.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.goto('/admin/audit_logs?tab=log');
    await addFilter(page, 'Event type', 'project_ticked');
    await expect(rows(page)).toHaveCount(20);
    await page.getByLabel('Sort by').selectOption('Oldest created');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(rows(page).first()).toContainText('Tick 00.');
    await expect(page.getByRole('list', { name: 'Filters' })).toContainText('project_ticked');
  });
});
