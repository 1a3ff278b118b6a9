// Seeing how each stream is doing, and what an administrator does about it: with real receivers that fail, recover, redirect
// and answer junk.
import type { Locator, Page } from '@playwright/test';

import { takeGuidePicture } from '../fixtures/guide-picture.ts';
import { postEvents } from '../fixtures/ingest.ts';
import type { Instance } from '../fixtures/instance.ts';
import { JunkServer } from '../fixtures/junk-server.ts';
import { parkWhatWasRefused } from '../fixtures/parked.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openAddForm, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

// The browser's own line about a request while the server is being killed and started again.
const SERVER_GONE = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
test.use({ expectedConsole: [SERVER_GONE] });

function numbered(count: number, first = 0): string {
  const events = Array.from({ length: count }, (_, index) => ({
    id: `event-${first + index}`,
    event_type: 'user_created',
    entity_type: 'User',
    entity_id: first + index,
  }));
  return JSON.stringify(events);
}

/** Ten minutes, of which the stream takes one while it looks for the event at fault: longer than any wait of a test. */
const NOT_SOON = { 'Retry-After': '600' };

function idsOf(requests: readonly Received[], status: (request: Received) => boolean = () => true): string[] {
  const own = requests.filter((request) => request.headers['x-audit-streams-source'] === 'app' && status(request));
  return own.map(({ body }) => String((JSON.parse(body.toString()) as { id: unknown }).id));
}

async function openActivity(page: Page, name: string): Promise<Locator> {
  const item = page.locator('.stream').filter({ hasText: name });
  await item.getByRole('button', { name, expanded: false }).click();
  await item.getByRole('button', { name: 'Activity' }).click();
  await expect(item.getByRole('region', { name: 'Deliveries' })).toBeVisible();
  return item;
}

function figure(item: Locator, label: string): Locator {
  return item.locator('.figure-small').filter({ hasText: label }).locator('dd');
}

async function start(page: Page, instance: Instance): Promise<string> {
  await signIn(page, instance);
  await openStreams(page);
  return instance.createToken('app', 'ingest');
}

test('each trouble names itself, says since when, and what to do', async ({ page, request, instance, receiver, a11y }) => {
  test.slow(); // Six destinations are added by hand.
  const token = await start(page, instance);
  const junk = await JunkServer.start();
  receiver.respondWith(({ path }) => ({
    status: Number(path.slice(1)),
    headers: path === '/302' ? { Location: 'https://elsewhere.example/' } : NOT_SOON,
  }));
  const expected: [string, string, RegExp][] = [
    ['Unavailable', `${receiver.url}503`, /Retrying since .* · 503 from server · next try in .* · \d+ waiting · .* behind · nothing delivered yet/],
    ['Unknown token', `${receiver.url}401`, /Authentication failing · 401 from server · since /],
    ['Nowhere', `${receiver.url}404`, /Endpoint not found · 404 from server/],
    ['Redirected', `${receiver.url}302`, /Endpoint moved · 302 from server/],
    ['Junk', junk.url, /Retrying since .* · connection ended before the answer · /],
    ['Refused', 'http://127.0.0.1:9/', /Retrying since .* · .*connection/i],
  ];
  for (const [name, url] of expected) await addHttpDestination(page, name, url);
  await postEvents(request, instance, token, numbered(3));
  for (const [name, , words] of expected) {
    const item = streamItem(page, name);
    await expect(item.locator('.health')).toHaveText(words);
    await expect(item.locator('.health-next')).not.toBeEmpty();
    await expect(item.getByRole('button', { name: 'Retry now' })).toBeVisible();
  }
  await a11y.expectNoViolations();
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  // The overview tells the same, first thing.
  await page.goto('/');
  const streams = page.getByRole('region', { name: 'Streams' });
  await expect(streams.getByText('Endpoint not found')).toBeVisible();
  await expect(page.getByText('6 streams retrying; no event is dropped')).toBeVisible();
  await expect(page.locator('.figure').filter({ hasText: 'Oldest undelivered' })).toContainText('Received');
  await a11y.expectNoViolations();
  await junk.stop();
});

test('a host that the network rules forbid is blocked, and the row says where to allow it', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  await addHttpDestination(page, 'Internal', receiver.url);
  await expect(streamItem(page, 'Internal').locator('.health')).toContainText('Healthy');
  await instance.stop();
  await instance.restart({ AUDIT_STREAMS_ALLOW_LOCAL_NETWORK: 'false' });
  await postEvents(request, instance, token, numbered(1));
  await page.reload();
  const item = streamItem(page, 'Internal');
  await expect(item.locator('.health')).toContainText('Blocked by network rules');
  await expect(item.locator('.health-next')).toContainText('Settings › Network');
});

test('a stream that backs off goes on at once when it is asked to', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  receiver.respondWith({ status: 503, headers: NOT_SOON });
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(item.locator('.health')).toContainText('next try in');
  await postEvents(request, instance, token, numbered(5));
  // With the event about the destination, and the one about the token if it reached the log after the destination was added.
  await expect(item.locator('.health')).toContainText(/[67] waiting/);
  // Nothing is sent before the time that the destination has asked for: what comes now, the button has sent.
  expect(receiver.requests).toHaveLength(1);
  receiver.respondWith(200);
  await item.getByRole('button', { name: 'Retry now' }).click();
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 5, 'all events');
  await expect(item.locator('.health')).toHaveText(/^\s*Healthy · last delivered \d+ s ago\s*$/);
  await expect(item.getByRole('button', { name: 'Retry now' })).toBeHidden();
});

test('nothing is lost while a stream is paused; what comes in while it is switched off is not sent', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(item.locator('.health')).toContainText('Healthy');

  await item.getByRole('button', { name: 'Pause SIEM' }).click();
  await expect(item.locator('.health')).toContainText('Paused');
  const sent = receiver.requests.length;
  await postEvents(request, instance, token, numbered(50));
  // With the event that tells of the pause.
  await expect(item.locator('.health')).toContainText('51 waiting');
  await instance.kill();
  await instance.restart();
  await page.reload();
  await expect(item.locator('.health')).toContainText('51 waiting');
  expect(receiver.requests.length).toBe(sent);
  await item.getByRole('button', { name: 'Resume SIEM' }).click();
  await receiver.waitFor((requests) => idsOf(requests).length === 50, 'what was kept');
  expect(new Set(idsOf(receiver.requests)).size).toBe(50);

  const active = item.getByRole('switch', { name: 'Active: SIEM' });
  await expect(active).toBeChecked();
  await active.focus();
  await page.keyboard.press('Space');
  await expect(active).not.toBeChecked();
  await expect(active).toBeFocused();
  await expect(item.locator('.health')).toContainText('Inactive');
  await postEvents(request, instance, token, numbered(10, 100));
  await active.click();
  await expect(active).toBeChecked();
  await postEvents(request, instance, token, numbered(1, 200));
  await receiver.waitFor((requests) => idsOf(requests).includes('event-200'), 'what came in afterwards');
  expect(idsOf(receiver.requests).filter((id) => id.startsWith('event-10'))).toEqual(['event-10']);
});

test('the charts show what was sent, to the last event', async ({ page, request, instance, receiver, a11y }) => {
  const token = await start(page, instance);
  receiver.respondWith({ status: 503, body: 'down for <b>maintenance</b>' });
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(40));
  await receiver.waitForCount(2);
  let accepted = 0;
  receiver.respondWith(() => {
    accepted += 1;
    return { status: 200 };
  });
  const failed = receiver.requests.length;
  await streamItem(page, 'SIEM').getByRole('button', { name: 'Retry now' }).click();
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 40 && accepted >= 41, 'all events');

  const item = await openActivity(page, 'SIEM');
  await expect(figure(item, 'Delivered')).toHaveText(String(accepted));
  await expect(figure(item, 'Failed attempts')).toHaveText(String(failed));
  await expect(figure(item, 'Waiting')).toHaveText('0');
  await expect(figure(item, 'p99')).toHaveText(/ m?s$/);
  await expect(item.getByRole('img', { name: `Events delivered per minute: ${accepted}` })).toBeVisible();
  await expect(item.getByRole('img', { name: `Failed attempts per minute: ${failed}` })).toBeVisible();
  await a11y.expectNoViolations();
  await takeGuidePicture(page, 'activity');

  // The same in a table, for every span.
  for (const span of ['Last day', 'Last week', 'Last hour']) {
    await item.getByRole('button', { name: span }).click();
    await expect(item.getByRole('button', { name: span, pressed: true })).toBeVisible();
    await expect(figure(item, 'Delivered')).toHaveText(String(accepted));
  }
  await item.getByText('Show as a table').click();
  const cells = item.getByRole('table', { name: 'Deliveries' }).locator('tbody tr td:nth-of-type(1)');
  const inTable = (await cells.allTextContents()).reduce((sum, text) => sum + Number(text), 0);
  expect(inTable).toBe(accepted);

  // Each failed attempt says which try it was; its answer is text, and stays open while the panel is brought up to date.
  const attempts = item.getByRole('region', { name: 'Failed attempts' });
  await expect(attempts.getByRole('listitem')).toHaveCount(failed);
  const first = attempts.getByRole('listitem').last();
  await expect(first).toContainText('503');
  await expect(first).toContainText('try 1 ·');
  await first.locator('summary').click();
  await expect(first.locator('pre')).toHaveText('down for <b>maintenance</b>');
  await postEvents(request, instance, token, numbered(1, 500));
  await receiver.waitFor((requests) => idsOf(requests).includes('event-500'), 'one more event');
  await expect(figure(item, 'Delivered')).toHaveText(String(accepted));
  await expect(first.locator('pre')).toBeVisible();
  await a11y.expectNoViolations();
});

test('parked events are retried or discarded, each with its reason', async ({ page, request, instance, receiver, a11y }) => {
  const token = await start(page, instance);
  receiver.respondWith((received) =>
    received.body.includes('"event-') && !received.body.includes('event-3') ? { status: 422, body: 'no such index' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(4));
  await expect(streamItem(page, 'SIEM').locator('.health')).toContainText('3 refused, to be tried again');
  await parkWhatWasRefused(instance);
  await page.reload();
  await expect(streamItem(page, 'SIEM').locator('.health')).toContainText('3 parked');

  const item = await openActivity(page, 'SIEM');
  const parked = item.getByRole('region', { name: 'Parked events' });
  await expect(parked.getByRole('heading', { name: '3 parked events' })).toBeVisible();
  await expect(parked.getByRole('listitem').first()).toContainText('422');
  await a11y.expectNoViolations();

  // Discarding asks first.
  await parked.getByRole('button', { name: /^Discard the event/ }).first().click();
  const question = parked.getByRole('dialog', { name: 'Discard this event?' });
  await expect(question).toBeVisible();
  await a11y.expectNoViolations();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await parked.getByRole('button', { name: /^Discard the event/ }).first().click();
  await question.getByRole('button', { name: 'Discard event' }).click();
  await expect(parked.getByRole('heading', { name: '2 parked events' })).toBeVisible();

  // What is typed below stays while parked events go.
  const typed = item.getByRole('region', { name: 'Replay' }).getByLabel('Event types, with commas (all if empty)');
  await typed.fill('user_created');
  receiver.respondWith(200);
  const before = receiver.requests.length;
  await parked.getByRole('button', { name: /^Retry the event/ }).last().click();
  await receiver.waitFor((requests) => idsOf(requests.slice(before)).includes('event-0'), 'the retried event');
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  await parked.getByRole('button', { name: 'Retry all' }).click();
  await receiver.waitFor((requests) => idsOf(requests.slice(before)).includes('event-1'), 'the rest');
  await expect(parked).toBeHidden();
  await expect(typed).toHaveValue('user_created');
  expect(idsOf(receiver.requests.slice(before))).not.toContain('event-2');

  // All of it is in the Log.
  await page.goto('/admin/audit_logs?tab=log');
  await expect(page.getByText('Discarded the parked audit event', { exact: false }).first()).toBeVisible();
  await expect(page.getByText('Retried all parked audit events (1)').first()).toBeVisible();
});

test('the event that a stream is stuck at is parked, and the rest is delivered', async ({ page, request, instance, receiver, a11y }) => {
  const token = await start(page, instance);
  // About the rate of requests, so no event is suspected, and none is parked without an administrator.
  receiver.respondWith(({ body }) =>
    body.includes('"event-0"') ? { status: 429, headers: NOT_SOON, body: 'no room for this one' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(item.locator('.health')).toContainText('Healthy');
  const park = item.getByRole('button', { name: /^Park this event \(\d+\): SIEM$/ });
  await expect(park).toBeHidden();
  await postEvents(request, instance, token, numbered(1));
  await expect(park).toBeVisible();
  await postEvents(request, instance, token, numbered(3, 1));
  await expect(item.locator('.health')).toContainText('4 waiting');
  expect(idsOf(receiver.requests)).toEqual(['event-0']);
  await a11y.expectNoViolations();

  await park.click();
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 4, 'the rest');
  await expect(park).toBeHidden();
  await expect(item.locator('.health')).toContainText('1 parked');
  expect(idsOf(receiver.requests).filter((id) => id === 'event-0')).toEqual(['event-0']);

  const activity = await openActivity(page, 'SIEM');
  const parked = activity.getByRole('region', { name: 'Parked events' });
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  const event = parked.getByRole('listitem');
  await expect(event).toContainText('Answered 429 Too Many Requests. Parked by an administrator.');
  await event.locator('summary').click();
  await expect(event).toContainText('Retry it once the destination accepts it, or discard it.');
  await expect(event.locator('pre')).toHaveText('no room for this one');
  await a11y.expectNoViolations();
});

test('a new stream can begin with what is in the log already', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  await postEvents(request, instance, token, numbered(7));
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('Archive');
  await form.getByLabel('Destination URL').fill(receiver.url);
  await form.getByLabel('Start from').selectOption('The beginning of the log');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('Stream added successfully')).toBeVisible();
  await receiver.waitFor((requests) => idsOf(requests).length === 7, 'what was there before');
});

test.describe('a start that is no time', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('is told at its field', async ({ page, instance, receiver }) => {
    await start(page, instance);
    await addHttpDestination(page, 'First', `${receiver.url}first`);
    const form = await openAddForm(page, 'HTTP endpoint');
    await form.getByLabel('Destination Name').fill('Archive');
    await form.getByLabel('Destination URL').fill(receiver.url);
    await form.getByLabel('Start from').selectOption('A chosen time');
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(form.getByText('Start from must be now, beginning, or a date and time')).toBeVisible();
    // Each kind has its own, and what is shown is what is sent.
    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'AWS S3' }).click();
    await expect(form.getByLabel('Start from')).toHaveValue('');
    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
    await expect(form.getByLabel('Start from')).toHaveValue('a time');
    await form.getByLabel('Start time').fill('2020-01-01T00:00:00');
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByRole('heading', { name: '2 destinations' })).toBeVisible();
    await receiver.waitFor((requests) => requests.some(({ path }) => path === '/'), 'what was there before');
  });
});

test('the overview counts what comes in and goes out', async ({ page, request, instance, receiver, a11y }) => {
  const token = await start(page, instance);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(25));
  await receiver.waitFor((requests) => idsOf(requests).length === 25, 'all events');
  await page.goto('/');
  const hour = page.getByRole('region', { name: 'Last hour' });
  await expect(hour.getByRole('img', { name: `Events delivered per minute: ${receiver.requests.length}` })).toBeVisible();
  await expect(hour.getByRole('img', { name: /^Events received per minute: \d+$/ })).toBeVisible();
  await expect(page.locator('.figure').filter({ hasText: 'Oldest undelivered' })).toContainText('None');
  await expect(page.locator('.figure').filter({ hasText: 'Log size' })).toContainText('of 10 GiB');
  // Live: without reloading.
  await postEvents(request, instance, token, numbered(5, 100));
  await receiver.waitFor((requests) => idsOf(requests).length === 30, 'the new events');
  await expect(hour.getByRole('img', { name: `Events delivered per minute: ${receiver.requests.length}` })).toBeVisible();
  await a11y.expectNoViolations();
});
