// The Log: paging, permalinks, texts of every kind, filters, live tail and exports.
import { readFile } from 'node:fs/promises';

import type { APIRequestContext, Locator, Page } from '@playwright/test';

import type { Instance } from '../fixtures/instance.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openStreams } from '../fixtures/streams.ts';
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

/** Opens one of the menus above the table. */
async function openMenu(page: Page, name: string): Promise<void> {
  await page.getByRole('group').getByText(name, { exact: true }).first().click();
}

async function addFilter(page: Page, field: string, value: string, operator = 'is'): Promise<void> {
  await openMenu(page, 'Filter');
  const form = page.getByRole('form', { name: 'Add a filter' });
  await form.getByLabel('Field').selectOption(field);
  await form.getByLabel('Operator').selectOption(operator);
  await form.getByLabel('Value').fill(value);
  await form.getByRole('button', { name: 'Add filter' }).click();
  await expect(page.getByRole('link', { name: `Remove ${field} ${operator} ${value}` })).toBeVisible();
  await expect(form).toBeHidden();
}

async function searchText(page: Page, text: string): Promise<void> {
  await page.getByLabel('Search text in details').fill(text);
  await page.getByLabel('Search text in details').press('Enter');
  await expect(page).toHaveURL((url) => url.searchParams.get('text') === text);
  // The row of filters was rendered anew.
  await expect(page.getByLabel('Search text in details')).toBeFocused();
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

test('filters narrow the Log, and Back takes the last one away', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await openMenu(page, 'Filter');
  await a11y.expectNoViolations();
  await openMenu(page, 'Filter');
  await addFilter(page, 'Author', 'Ada Lovelace');
  await addFilter(page, 'Project', 'engine/difference');
  await expect(rows(page)).toHaveCount(10);
  await addFilter(page, 'IP address', '10.0.0.4');
  await expect(rows(page)).toHaveCount(2);
  await expect(page).toHaveURL(/author_username=Ada%20Lovelace.*entity_type=Project.*ip_address=10\.0\.0\.4/);
  await a11y.expectNoViolations();
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await page.goBack();
  await expect(rows(page)).toHaveCount(10);
  await page.getByRole('link', { name: 'Remove Project is engine/difference' }).click();
  await expect(page.getByRole('link', { name: 'Older' })).toBeVisible();
  await rows(page).first().getByRole('cell').nth(2).click({ position: { x: 2, y: 2 } });
  await expect(page.getByRole('dialog', { name: 'Audit event details' })).toContainText('Tick 58.');
  await a11y.expectNoViolations();
  await page.getByRole('dialog').getByRole('link', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await expect(page.getByRole('list', { name: 'Filters' })).toBeHidden();
});

test('values are excluded', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&created_after=2026-03-01&created_before=2026-03-01');
  await addFilter(page, 'Event type', 'project_ticked', 'is not');
  await addFilter(page, 'Author', 'Ada Lovelace', 'is not');
  await expect(page).toHaveURL(/not_author_username=Ada%20Lovelace.*not_event_type=project_ticked/);
  await expect(rows(page)).toHaveCount(20);
  await a11y.expectNoViolations();
  await page.getByRole('link', { name: 'Remove Author is not Ada Lovelace' }).click();
  await expect(rows(page)).toHaveCount(25);
});

test('nothing matches, and the way back', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await searchText(page, 'no such words');
  await expect(page.getByRole('heading', { name: 'No events match these filters.' })).toBeVisible();
  await a11y.expectNoViolations();
  await page.getByRole('link', { name: 'Clear filters' }).first().click();
  await expect(rows(page)).toHaveCount(25);
  await expect(page.getByLabel('Search text in details')).toHaveValue('');
});

test('text that is typed stays in the box when a filter changes', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked');
  const box = page.getByRole('searchbox', { name: 'Search text in details' });
  await box.fill('Tick 7');
  await page.getByRole('link', { name: 'Remove Event type is group_ticked' }).click();
  await expect(page).not.toHaveURL(/event_type/);
  await expect(box).toHaveValue('Tick 7');
  await page.getByRole('switch', { name: 'Live tail' }).click();
  await expect(page).toHaveURL(/live=on/);
  await expect(box).toHaveValue('Tick 7');
  await box.press('Enter');
  await expect(page).toHaveURL(/text=Tick%207/);
  await page.goBack();
  await expect(box).toHaveValue('');
});

test('a click on a value includes or excludes it', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&created_after=2026-03-01&created_before=2026-03-01');
  await rows(page).first().getByRole('link', { name: 'group_ticked' }).click();
  const menu = page.getByRole('dialog', { name: 'Filter by this value' });
  await a11y.expectNoViolations();
  await menu.getByRole('link', { name: 'Event type is not group_ticked' }).click();
  await expect(menu).toBeHidden();
  await expect(rows(page)).toHaveCount(20);
  await rows(page).first().getByRole('link', { name: 'Grace Hopper' }).click();
  await menu.getByRole('link', { name: 'Author is Grace Hopper' }).click();
  await expect(rows(page)).toHaveCount(10);
  await rows(page).first().getByRole('link', { name: 'Grace Hopper' }).click();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
});

test('suggestions follow the field', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await openMenu(page, 'Filter');
  const suggestions = () => page.getByLabel('Value', { exact: true }).evaluate((input: HTMLInputElement) => {
    return Array.from(input.list?.options ?? [], (option) => option.value);
  });
  await expect.poll(suggestions).toEqual(expect.arrayContaining(['Ada Lovelace', 'Grace Hopper']));
  await page.getByLabel('Field').selectOption('Event type');
  await expect.poll(suggestions).toEqual(expect.arrayContaining(['project_ticked', 'group_ticked']));
});

test('ranges of time and the order are in the address', async ({ page, request, instance }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await page.getByLabel('Sort by').selectOption('Oldest created');
  await expect(rows(page).first()).toContainText('Tick 00.');
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(rows(page).first()).toContainText('Tick 25.');
  await page.getByLabel('Sort by').selectOption('Last created');
  await expect(page).toHaveURL((url) => !url.search.includes('sort'));
  await openMenu(page, 'All time');
  await page.getByLabel('From').fill('2026-03-01');
  await page.getByLabel('To', { exact: true }).fill('2026-03-01');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/created_after=2026-03-01&created_before=2026-03-01/);
  await expect(rows(page).first()).toContainText('Tick 59.');
  await openMenu(page, '2026-03-01');
  await page.getByRole('link', { name: 'Last 14 days' }).click();
  await expect(page).toHaveURL(/range=last_14_days/);
  await openMenu(page, 'Last 14 days');
  await expect(page.getByRole('link', { name: 'Last 14 days' })).toHaveAttribute('aria-current', 'true');
  await expect(page.getByLabel('From')).toHaveValue('');
  await page.getByRole('link', { name: 'All time' }).click();
  await expect(page).toHaveURL(/\?tab=log$/);
});

test.describe('in a zone of the east', () => {
  test.use({ timezoneId: 'Asia/Tokyo' });

  test('hours are typed as the table shows them', async ({ page, request, instance }) => {
    await postTicks(request, instance);
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log');
    await expect(page.getByRole('columnheader', { name: 'Date (UTC+09:00)' })).toBeVisible();
    await openMenu(page, 'All time');
    await page.getByLabel('From').fill('2026-03-01 21:10');
    await page.getByLabel('To', { exact: true }).fill('2026-03-01 21:20');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page).toHaveURL(/created_after=2026-03-01T12:10:00\.000Z&created_before=2026-03-01T12:20:00\.000Z/);
    await expect(rows(page)).toHaveCount(10);
    await expect(rows(page).first()).toContainText('2026-03-01 21:19:00');
    await openMenu(page, 'Custom range');
    await expect(page.getByLabel('From')).toHaveValue('2026-03-01 21:10');
  });
});

test('the chart zooms by click, drag and keyboard', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&created_after=2026-03-01T12:00:00Z&created_before=2026-03-01T13:00:00Z');
  const chart = page.getByRole('region', { name: 'Events over time' });
  await expect(chart).toContainText('60 events');
  const bars = chart.getByRole('link');
  await expect(bars).toHaveCount(60);
  await a11y.expectNoViolations();
  await bars.nth(10).click();
  await expect(page).toHaveURL(/created_after=2026-03-01T12:10:00\.000Z&created_before=2026-03-01T12:11:00\.000Z/);
  await expect(rows(page)).toHaveCount(1);
  await page.goBack();
  await expect(bars.nth(20)).toHaveAccessibleName(/12:20:00 to .*12:21:00/);
  await bars.nth(20).hover();
  await page.mouse.down();
  await bars.nth(29).hover();
  await page.mouse.up();
  await expect(rows(page)).toHaveCount(10);
  await expect(page).toHaveURL(/created_after=2026-03-01T12:20:00\.000Z&created_before=2026-03-01T12:30:00\.000Z/);
  await page.goBack();
  await expect(bars.nth(20)).toHaveAccessibleName(/12:20:00 to .*12:21:00/);
  await bars.first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(2);
  await searchText(page, 'Tick');
  await expect(chart).toContainText('No chart while a text is searched for');
});

test.describe('an address with a mistake in it', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('is reported at the field', async ({ page, instance, a11y }) => {
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log&created_after=yesterday');
    await expect(page.getByLabel('From')).toHaveAccessibleDescription(
      'Invalid date format. Please use UTC format as YYYY-MM-DD',
    );
    await a11y.expectNoViolations();
    await expect(page.getByRole('heading', { name: "These filters can't be applied." })).toBeVisible();
    await expect(page.getByRole('alert')).toBeHidden();
    await page.getByLabel('From').fill('2026-03-01');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByRole('table')).toBeVisible();
  });
});

test('live tail brings new events to the top, and counts them while it is paused', async ({ page, request, instance, a11y }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked');
  await expect(rows(page).first()).toContainText('Tick 59.');
  await page.getByRole('switch', { name: 'Live tail' }).click();
  await expect(page.getByRole('switch', { name: 'Live tail' })).toBeChecked();
  await expect(page).toHaveURL(/live=on/);
  const post = (names: string[]) => postEvents(request, instance, token, names.map((name) =>
    JSON.stringify({ event_type: 'group_ticked', details: { custom_message: name } })).join('\n'));
  await post(['Later 0']);
  await expect(rows(page).first()).toContainText('Later 0');
  await expect(rows(page)).toHaveCount(25);
  await page.getByRole('button', { name: 'Pause' }).click();
  await post(['Later 1', 'Later 2']);
  const bar = page.getByRole('button', { name: '2 new events' });
  await expect(bar).toBeVisible();
  await expect(rows(page).first()).toContainText('Later 0');
  await a11y.expectNoViolations();
  await bar.click();
  await expect(rows(page).first()).toContainText('Later 2');
  await expect(bar).toBeHidden();
  await post(['Later 3']);
  await expect(rows(page).first()).toContainText('Later 3');
  await page.getByRole('switch', { name: 'Live tail' }).press('Space');
  await expect(page).not.toHaveURL(/live=on/);
  await expect(page.getByRole('button', { name: 'Pause' })).toBeHidden();
});

test('the chart follows live tail, and keeps the focus', async ({ page, request, instance }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked&live=on');
  const chart = page.getByRole('region', { name: 'Events over time' });
  await expect(chart).toContainText('40 events');
  const bar = chart.getByRole('link', { name: /: [1-9]\d* events?$/ }).first();
  await bar.focus();
  await postEvents(request, instance, token, JSON.stringify({
    event_type: 'group_ticked', created_at: '2026-03-01T12:30:30Z', details: { custom_message: 'Late tick' },
  }));
  await expect(chart).toContainText('41 events', { timeout: 15_000 });
  await expect(bar).toBeFocused();
});

test('live tail moves nothing while the reader is further down', async ({ page, request, instance }) => {
  const token = await postTicks(request, instance);
  await page.setViewportSize({ width: 1280, height: 500 });
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked&live=on');
  await expect(rows(page)).toHaveCount(25);
  await rows(page).last().scrollIntoViewIfNeeded();
  await postEvents(request, instance, token, '{"event_type":"group_ticked","details":{"custom_message":"Unseen"}}');
  const bar = page.getByRole('button', { name: '1 new event' });
  await expect(bar).toBeVisible();
  await expect(page.getByText('Unseen')).toHaveCount(0);
  await bar.click();
  await expect(rows(page).first()).toContainText('Unseen');
});

test('live tail shows what is received late above the newest page', async ({ page, request, instance, a11y }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=group_ticked&live=on');
  await expect(rows(page)).toHaveCount(25);
  const late = { event_type: 'group_ticked', created_at: '2020-01-01T00:00:00Z', details: { custom_message: 'From long ago' } };
  await postEvents(request, instance, token, JSON.stringify(late));
  await expect(rows(page).first()).toContainText('From long ago');
  await expect(rows(page).first()).toContainText('Late');
  await expect(rows(page)).toHaveCount(26);
  await a11y.expectNoViolations();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(rows(page).first()).toContainText('Tick 59.');
});

test('live tail keeps up with many events, none of them late', async ({ page, request, instance }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&live=on');
  await expect(rows(page).first()).toBeVisible();
  for (let second = 0; second < 5; second += 1) {
    const many = Array.from({ length: 1000 }, (_, number) =>
      JSON.stringify({ event_type: 'burst', details: { custom_message: `Burst ${second} ${number}` } }));
    await postEvents(request, instance, token, many.join('\n'));
  }
  await expect(rows(page).first()).toContainText('Burst 4 999');
  await expect(rows(page)).toHaveCount(25);
  await expect(page.getByText('Late', { exact: true })).toHaveCount(0);
});

test('a text is searched for until everything was searched', async ({ page, request, instance }) => {
  const token = await instance.createToken('many', 'ingest');
  for (let part = 0; part < 5; part += 1) {
    const events = Array.from({ length: 5000 }, (_, number) => JSON.stringify({
      event_type: 'x',
      created_at: new Date(Date.UTC(2026, 0, 1) + (part * 5000 + number) * 1000).toISOString(),
      details: { custom_message: part === 0 && number === 7 ? 'a needle' : 'hay' },
    }));
    await postEvents(request, instance, token, events.join('\n'));
  }
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log');
  await searchText(page, 'needle');
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Stop' })).toBeHidden();
  await searchText(page, 'nowhere');
  await expect(page.getByRole('heading', { name: 'No events match these filters.' })).toBeVisible();
});

test('the details lead to the event before and after, and Escape closes them', async ({ page, request, instance, a11y }) => {
  await postTicks(request, instance);
  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=log&event_type=project_ticked');
  await page.getByRole('link', { name: 'Tick 57.' }).click();
  const details = page.getByRole('dialog', { name: 'Audit event details' });
  await expect(details).toContainText('Tick 57.');
  await expect(details.getByRole('button', { name: 'Previous event' })).toBeDisabled();
  await details.getByRole('button', { name: 'Next event' }).click();
  await expect(details).toContainText('Tick 54.');
  await details.getByRole('button', { name: 'Previous event' }).click();
  await expect(details).toContainText('Tick 57.');
  await details.getByRole('link', { name: 'engine/difference (Project)' }).click();
  const menu = page.getByRole('dialog', { name: 'Filter by this value' });
  await expect(menu).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(details).toBeVisible();
  await a11y.expectNoViolations();
  await page.getByRole('heading', { name: 'Audit events', level: 1 }).click({ position: { x: 4, y: 4 } });
  await page.keyboard.press('Escape');
  await expect(details).toBeHidden();
  await expect(page.getByRole('link', { name: 'Tick 57.' })).toBeFocused();
});

test('an event shows what happened to it, and is sent again', async ({ page, request, instance, receiver, a11y }) => {
  const token = await postTicks(request, instance);
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, '{"event_type":"precious","details":{"custom_message":"Precious"}}');
  await page.goto('/admin/audit_logs?tab=log&event_type=precious');
  await page.getByRole('link', { name: 'Precious', exact: true }).click();
  const details = page.getByRole('dialog', { name: 'Audit event details' });
  await expect(details).toContainText('Delivered to 1 of 1 destination.');
  await a11y.expectNoViolations();
  await details.getByRole('button', { name: 'Send again to SIEM' }).click();
  await expect(details).toContainText('Queued. It is sent next');
  await expect.poll(() => receiver.requests.filter(({ body }) => body.includes('Precious')).length).toBe(2);
  await page.goto('/admin/audit_logs?tab=log&text=Tick');
  await rows(page).first().getByRole('link', { name: 'Tick' }).click();
  await expect(details).toContainText('Before the stream started');
});

test.describe('saved views', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('views are saved, renamed, used and deleted', async ({ page, request, instance, a11y }) => {
    await postTicks(request, instance);
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log&event_type=project_ticked&sort=created_asc');
    await openMenu(page, 'Views');
    await page.getByLabel('Save these filters as').fill('Project ticks');
    await page.getByRole('button', { name: 'Save view' }).click();
    await expect(page.getByRole('link', { name: 'Project ticks' })).toBeVisible();
    await a11y.expectNoViolations();
    await page.getByLabel('Save these filters as').fill('Project ticks');
    await page.getByRole('button', { name: 'Save view' }).click();
    await expect(page.getByRole('alert')).toContainText('you have a view with this name');
    await page.getByLabel('Rename Project ticks').click();
    await page.getByLabel('New name').fill('Ticks');
    await page.getByRole('button', { name: 'Rename' }).click();
    await expect(page.getByRole('link', { name: 'Ticks', exact: true })).toBeVisible();
    await page.goto('/admin/audit_logs?tab=log');
    await openMenu(page, 'Views');
    await page.getByRole('link', { name: 'Ticks', exact: true }).click();
    await expect(page).toHaveURL(/event_type=project_ticked$/);
    await expect(rows(page)).toHaveCount(20);
    await openMenu(page, 'Views');
    await page.getByRole('button', { name: 'Delete Ticks' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the view Ticks?' });
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await a11y.expectNoViolations();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('link', { name: 'Ticks', exact: true })).toBeVisible();
    await page.getByRole('button', { name: 'Delete Ticks' }).click();
    await dialog.getByRole('button', { name: 'Delete view' }).click();
    await expect(page.getByText('No saved views yet.')).toBeVisible();
    await expect(dialog).toBeHidden();
    // The keyboard goes on at the menu.
    await page.keyboard.press('Enter');
    await expect(page.getByText('No saved views yet.')).toBeHidden();
  });
});

test.describe('on a narrow screen', () => {
  test.use({ viewport: { width: 320, height: 720 } });

  test('everything fits', async ({ page, request, instance, a11y }) => {
    await postTicks(request, instance);
    await signIn(page, instance);
    await page.goto('/admin/audit_logs?tab=log');
    await addFilter(page, 'Project', 'engine/difference');
    await expect(rows(page)).toHaveCount(20);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await a11y.expectNoViolations();
    await openMenu(page, 'All time');
    await a11y.expectNoViolations();
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
    await openMenu(page, 'Export');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(file);
    await page.keyboard.press('Escape');
    const text = await readFile(await download.path(), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(lines);
    const status = page.getByRole('status', { name: 'Export' });
    await expect(status).toContainText('Exported 20 events.');
    await status.getByRole('button', { name: 'Dismiss' }).click();
    await expect(status).toBeEmpty();
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
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await page.goto('/admin/audit_logs?tab=log');
    await openMenu(page, 'Filter');
    await page.getByLabel('Field').selectOption('Event type');
    await page.getByLabel('Value', { exact: true }).fill('project_ticked');
    await page.getByRole('button', { name: 'Add filter' }).click();
    await expect(rows(page)).toHaveCount(20);
    await page.getByLabel('Sort by').selectOption('Oldest created');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(rows(page).first()).toContainText('Tick 00.');
    await expect(page.getByRole('list', { name: 'Filters' })).toContainText('project_ticked');
    await openMenu(page, 'Views');
    await page.getByLabel('Save these filters as').fill('Ticks');
    await page.getByRole('button', { name: 'Save view' }).click();
    await openMenu(page, 'Views');
    await expect(page.getByRole('link', { name: 'Ticks', exact: true })).toBeVisible();
  });
});
