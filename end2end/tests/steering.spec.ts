// Seeing how each stream is doing, and what an administrator does about it: with real receivers that fail, recover, redirect
// and answer junk.
import type { Page } from '@playwright/test';

import { openActivity } from '../fixtures/activity.ts';
import { postEvents } from '../fixtures/ingest.ts';
import type { Instance } from '../fixtures/instance.ts';
import { JunkServer } from '../fixtures/junk-server.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, health, openAddForm, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
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
    ['Unavailable', `${receiver.url}503`, /Retrying since .* · 503 from server · next try in .* · \d+\swaiting · .*\sbehind · nothing delivered yet/],
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
    await expect(health(item)).toHaveText(words);
    await expect(item.getByRole('button', { name: 'Retry now' })).toBeVisible();
  }
  await a11y.expectNoViolations();
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  // The overview tells the same, first thing.
  await page.goto('/');
  const streams = page.getByRole('region', { name: 'Streams' });
  await expect(streams.getByText('Endpoint not found')).toBeVisible();
  await expect(page.getByText('6 need attention. No events have been lost.')).toBeVisible();
  await expect(page.getByRole('group', { name: 'Oldest undelivered' })).toContainText(/ ago\s*Waits for /);
  await a11y.expectNoViolations();
  await page.getByRole('link', { name: '6 need attention' }).click();
  await expect(page).toHaveURL(/tab=streams&attention=on$/);
  await expect(page.getByRole('link', { name: 'Show all' })).toBeVisible();
  await junk.stop();
});

test('a host that the network rules forbid is blocked, and the row says where to allow it', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  await addHttpDestination(page, 'Internal', receiver.url);
  await expect(health(streamItem(page, 'Internal'))).toContainText('Healthy');
  await instance.stop();
  await instance.restart({ AUDIT_STREAMS_ALLOW_LOCAL_NETWORK: 'false' });
  await postEvents(request, instance, token, numbered(1));
  await page.reload();
  const item = streamItem(page, 'Internal');
  await expect(health(item)).toContainText('Blocked by network rules');
  await expect(health(item)).toContainText('Settings › Network');
});

test('a stream that backs off goes on at once when it is asked to', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  receiver.respondWith({ status: 503, headers: NOT_SOON });
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(health(item)).toContainText('next try in');
  await postEvents(request, instance, token, numbered(5));
  // With the event about the destination, and the one about the token if it reached the log after the destination was added.
  await expect(health(item)).toContainText(/[67]\swaiting/);
  // Nothing is sent before the time that the destination has asked for: what comes now, the button has sent.
  expect(receiver.requests).toHaveLength(1);
  // The answer says what came of it.
  await item.getByRole('button', { name: 'Retry now' }).click();
  await expect(item.getByText('Retried: 503 from server.')).toBeVisible();
  expect(receiver.requests).toHaveLength(2);
  receiver.respondWith(200);
  await item.getByRole('button', { name: 'Retry now' }).click();
  await expect(item.getByText('Retried: the event was accepted.')).toBeVisible();
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 5, 'all events');
  await expect(health(item)).toHaveText(/^\s*Healthy · last delivered \d+\ss ago\s*$/);
  await expect(item.getByRole('button', { name: 'Retry now' })).toBeHidden();
});

test('nothing is lost while a stream is paused; what comes in while it is switched off is not sent', async ({ page, request, instance, receiver }) => {
  const token = await start(page, instance);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(health(item)).toContainText('Healthy');

  await item.getByRole('button', { name: 'Pause SIEM' }).click();
  await expect(health(item)).toContainText('Paused');
  const sent = receiver.requests.length;
  await postEvents(request, instance, token, numbered(50));
  // With the event that tells of the pause.
  await expect(health(item)).toContainText(/51\swaiting/);
  await instance.kill();
  await instance.restart();
  await page.reload();
  await expect(health(item)).toContainText(/51\swaiting/);
  expect(receiver.requests.length).toBe(sent);
  await item.getByRole('button', { name: 'Resume SIEM' }).click();
  await receiver.waitFor((requests) => idsOf(requests).length === 50, 'what was kept');
  expect(new Set(idsOf(receiver.requests)).size).toBe(50);

  const active = item.getByRole('switch', { name: 'Active: SIEM' });
  await expect(active).toBeChecked();
  await active.focus();
  await page.keyboard.press('Space');
  await page.getByRole('dialog', { name: 'Deactivate this stream?' }).getByRole('button', { name: 'Deactivate' }).click();
  await expect(active).not.toBeChecked();
  await expect(active).toBeFocused();
  await expect(health(item)).toContainText('Inactive');
  await postEvents(request, instance, token, numbered(10, 100));
  await active.click();
  await expect(active).toBeChecked();
  await postEvents(request, instance, token, numbered(1, 200));
  await receiver.waitFor((requests) => idsOf(requests).includes('event-200'), 'what came in afterwards');
  expect(idsOf(receiver.requests).filter((id) => id.startsWith('event-10'))).toEqual(['event-10']);
});

test('the event that a stream is stuck at is parked, and the rest is delivered', async ({ page, request, instance, receiver, a11y }) => {
  const token = await start(page, instance);
  // About the rate of requests, so no event is suspected, and none is parked without an administrator.
  receiver.respondWith(({ body }) =>
    body.includes('"event-0"') ? { status: 429, headers: NOT_SOON, body: 'no room for this one' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(health(item)).toContainText('Healthy');
  const park = item.getByRole('button', { name: /^Park event \d+: SIEM$/ });
  await expect(park).toBeHidden();
  await postEvents(request, instance, token, numbered(1));
  await expect(park).toBeVisible();
  await postEvents(request, instance, token, numbered(3, 1));
  await expect(health(item)).toContainText(/4\swaiting/);
  expect(idsOf(receiver.requests)).toEqual(['event-0']);
  await a11y.expectNoViolations();

  await park.click();
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 4, 'the rest');
  await expect(park).toBeHidden();
  await expect(health(item)).toContainText(/1\sparked/);
  expect(idsOf(receiver.requests).filter((id) => id === 'event-0')).toEqual(['event-0']);

  const activity = await openActivity(page, 'SIEM');
  const parked = activity.getByRole('region', { name: 'Parked events' });
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  await expect(parked.getByText('Retry it once the destination accepts it, or discard it.')).toBeVisible();
  const event = parked.getByRole('table', { name: 'Parked events' }).getByRole('row').last();
  await expect(event).toContainText('Answered 429 Too Many Requests. Parked by an administrator.');
  await expect(event).toContainText('no room for this one');
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
    await expect(form.getByText('Start time must be a date and time, for example 2026-01-31 09:30.')).toBeVisible();
    // Every kind has it, so it stays when another is chosen, and what is shown is what is sent.
    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'AWS S3' }).click();
    await expect(form.getByLabel('Bucket Name')).toBeVisible();
    await expect(form.getByLabel('Start from')).toHaveValue('a time');
    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
    await expect(form.getByLabel('Destination URL')).toHaveValue(receiver.url);
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
  await expect(page.getByRole('group', { name: 'Oldest undelivered' })).toContainText('None');
  await expect(page.getByRole('group', { name: 'Log size' })).toContainText('of 10.0 GiB');
  // Live: without reloading.
  await postEvents(request, instance, token, numbered(5, 100));
  await receiver.waitFor((requests) => idsOf(requests).length === 30, 'the new events');
  await expect(hour.getByRole('img', { name: `Events delivered per minute: ${receiver.requests.length}` })).toBeVisible();
  await a11y.expectNoViolations();
});
