// A range of time is sent once more, beside the stream, and the stream does not notice.
import type { APIRequestContext } from '@playwright/test';

import { openActivity } from '../fixtures/activity.ts';
import { postEvents } from '../fixtures/ingest.ts';
import type { Instance } from '../fixtures/instance.ts';
import type { Received, Receiver } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openStreams } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

// The browser's own line about a request while the server is being killed and started again.
const SERVER_GONE = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
test.use({ expectedConsole: [SERVER_GONE] });

const IN_RANGE = 1_500;

function events(prefix: string, count: number, createdAt: string): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, index) => ({
      id: `${prefix}-${index}`,
      event_type: 'user_created',
      entity_type: 'User',
      entity_id: index % 50,
      created_at: createdAt,
    })),
  );
}

const id = ({ body }: Received): string => String((JSON.parse(body.toString()) as { id: unknown }).id);
const isReplayed = ({ headers }: Received): boolean => headers['x-audit-streams-replay'] !== undefined;

/** Milliseconds from posting an event to having it, one event after the other; the middle of them. */
async function liveLatency(
  request: APIRequestContext,
  instance: Instance,
  receiver: Receiver,
  token: string,
  prefix: string,
): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 15; index += 1) {
    const started = performance.now();
    const wanted = `${prefix}-${index}`;
    await postEvents(request, instance, token, JSON.stringify({ id: wanted, event_type: 'user_updated' }));
    await receiver.waitFor((requests) => requests.some((received) => id(received) === wanted), wanted);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return times[7] ?? Infinity;
}

test('a range is counted and replayed exactly while live traffic goes on', async ({ page, request, instance, receiver, a11y }) => {
  test.slow(); // Some three thousand requests on whatever machine this is.
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, events('before', 40, '2025-12-31T23:59:59Z'));
  await postEvents(request, instance, token, events('in', IN_RANGE, '2026-01-15T12:00:00Z'));
  await postEvents(request, instance, token, events('after', 40, '2026-02-01T00:00:01Z'));
  await receiver.waitFor(
    (requests) => requests.filter((received) => /^(before|in|after)-/.test(id(received))).length >= IN_RANGE + 80,
    'all events by the stream',
  );
  const calm = await liveLatency(request, instance, receiver, token, 'calm');

  const item = await openActivity(page, 'SIEM');
  const replay = item.getByRole('region', { name: 'Replay' });
  await replay.getByLabel('From').fill('2026-01-01T00:00:00');
  await replay.getByLabel('To (empty for now)').fill('2026-01-31T23:59:59');
  await replay.getByRole('button', { name: 'Count events' }).click();
  await expect(replay.getByText('1,500 events', { exact: true })).toBeVisible();
  await expect(replay.getByText(/^Estimated time, based on recent deliveries: about \d/)).toBeVisible();
  await a11y.expectNoViolations();
  await replay.getByRole('button', { name: 'Start replay' }).click();
  await receiver.waitFor((requests) => requests.some(isReplayed), 'the first replayed event');
  const busy = await liveLatency(request, instance, receiver, token, 'busy');
  await receiver.waitFor((requests) => requests.filter(isReplayed).length >= IN_RANGE, 'the whole range');

  await expect(replay.getByText('Previous replays')).toBeVisible();
  await replay.getByText('Previous replays').click();
  await expect(replay.getByText('Finished: 1,500 of 1,500 events sent')).toBeVisible();
  await a11y.expectNoViolations();
  const replayed = receiver.requests.filter(isReplayed);
  expect(replayed.length).toBe(IN_RANGE);
  expect(new Set(replayed.map(id))).toEqual(new Set(Array.from({ length: IN_RANGE }, (_, index) => `in-${index}`)));
  // The stream goes first; what is measured over a busy machine is only bounded.
  expect(busy).toBeLessThan(calm * 5 + 100);
});

test('a replay waits while the destination is in trouble, and can be cancelled', async ({ page, request, instance, receiver }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, events('in', 20, '2026-01-15T12:00:00Z'));
  await receiver.waitFor((requests) => requests.filter((received) => id(received).startsWith('in-')).length === 20, 'all events');
  receiver.respondWith(503);
  const item = await openActivity(page, 'SIEM');
  const replay = item.getByRole('region', { name: 'Replay' });
  await replay.getByLabel('From').fill('2026-01-01T00:00:00');
  await replay.getByRole('button', { name: 'Count events' }).click();
  await replay.getByRole('button', { name: 'Start replay' }).click();
  await expect(replay.getByText(/503 from server/)).toBeVisible();
  await instance.kill();
  await instance.restart();
  await expect(replay.getByText(/503 from server/)).toBeVisible();
  await replay.getByRole('button', { name: 'Cancel replay' }).click();
  await replay.getByText('Previous replays').click();
  await expect(replay.getByText(/^Cancelled: 0 of \d+ events sent/)).toBeVisible();
});

test.describe('a replay that can not be sent', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('is refused at its fields, and the first of them gets the focus', async ({ page, instance, receiver, a11y }) => {
    await signIn(page, instance);
    await openStreams(page);
    await addHttpDestination(page, 'SIEM', receiver.url);
    const item = await openActivity(page, 'SIEM');
    const replay = item.getByRole('region', { name: 'Replay' });
    await replay.getByRole('button', { name: 'Count events' }).click();
    await expect(replay.getByText('Enter a date and a time, for example 2026-03-24 10:42.')).toBeVisible();
    await expect(replay.getByLabel('From')).toBeFocused();
    await a11y.expectNoViolations();
    await replay.getByLabel('From').fill('2026-02-02T00:00:00');
    await replay.getByLabel('To (empty for now)').fill('2026-02-01T00:00:00');
    await replay.getByRole('button', { name: 'Count events' }).click();
    await expect(replay.getByText('The end of the range must be after its start.')).toBeVisible();
    await expect(replay.getByLabel('To (empty for now)')).toBeFocused();
    await expect(replay.getByLabel('From')).toHaveValue(/^2026-02-02T00:00/);
  });
});

test('the event types of a replay are chosen from the list', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, events('in', 3, '2026-01-15T12:00:00Z'));
  await receiver.waitFor((requests) => requests.filter((received) => id(received).startsWith('in-')).length === 3, 'all events');
  const item = await openActivity(page, 'SIEM');
  const replay = item.getByRole('region', { name: 'Replay' });
  await replay.getByLabel('From').fill('2026-01-01T00:00:00');
  await replay.getByRole('button', { name: /Select events/ }).click();
  const list = replay.getByRole('dialog', { name: 'Select events' });
  await list.getByRole('combobox', { name: 'Search' }).fill('user_created');
  await list.getByRole('option', { name: /user_created/ }).click();
  await a11y.expectNoViolations();
  await page.keyboard.press('Escape');
  await expect(replay.getByRole('button', { name: /User created/ })).toBeVisible();
  await replay.getByRole('button', { name: 'Count events' }).click();
  await expect(replay.getByText('3 events', { exact: true })).toBeVisible();
  await expect(replay.getByText('of type user_created', { exact: false })).toBeVisible();
});
