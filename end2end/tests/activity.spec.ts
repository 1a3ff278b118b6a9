// What a stream has done: charts, their crosshair and table, and recent deliveries.
import { figure, openActivity } from '../fixtures/activity.ts';
import { takeGuidePicture } from '../fixtures/guide-picture.ts';
import { postEvents } from '../fixtures/ingest.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

function numbered(count: number, first = 0): string {
  const events = Array.from({ length: count }, (_, index) => ({
    id: `event-${first + index}`,
    event_type: 'user_created',
    entity_type: 'User',
    entity_id: first + index,
    details: { custom_message: `Created user ${first + index}` },
  }));
  return JSON.stringify(events);
}

const isOwn = ({ headers }: Received): boolean => headers['x-audit-streams-source'] === 'app';
const idsOf = (requests: readonly Received[]): string[] =>
  requests.filter(isOwn).map(({ body }) => String((JSON.parse(body.toString()) as { id: unknown }).id));

test('the charts show what was sent, to the last event', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  const token = await instance.createToken('app', 'ingest');
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

  // The same in a table, for every range.
  for (const span of ['Last day', 'Last week', 'Last hour']) {
    await item.getByRole('button', { name: span }).click();
    await expect(item.getByRole('button', { name: span, pressed: true })).toBeVisible();
    await expect(figure(item, 'Delivered')).toHaveText(String(accepted));
  }
  await item.getByText('Show as a table').click();
  const rows = item.getByRole('table', { name: 'Deliveries' }).getByRole('row').filter({ has: page.getByRole('rowheader') });
  const delivered = await rows.evaluateAll((all) => all.map((row) => Number((row as HTMLTableRowElement).cells[1]?.textContent)));
  expect(delivered.reduce((sum, count) => sum + count, 0)).toBe(accepted);
  await a11y.expectNoViolations();
});

test('the crosshair reads each point by keyboard, and by pointer', async ({ page, instance, receiver }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await receiver.waitForCount(1);
  const item = await openActivity(page, 'SIEM');
  await expect(figure(item, 'Delivered')).not.toHaveText('0');
  const points = item.getByRole('slider', { name: 'Events delivered per minute at' });
  await points.focus();
  await page.keyboard.press('Home');
  await expect(points).toHaveAttribute('aria-valuenow', '0');
  await expect(points).toHaveAttribute('aria-valuetext', /^\d\d:\d\d: 0 events$/);
  await page.keyboard.press('ArrowRight');
  await expect(points).toHaveAttribute('aria-valuenow', '1');
  // The charts share their crosshair.
  const latency = item.getByRole('slider', { name: 'Latency of accepted requests at' });
  await expect(latency).toHaveAttribute('aria-valuenow', '1');
  await page.keyboard.press('End');
  await expect(points).toHaveAttribute('aria-valuenow', '59');
  await page.keyboard.press('Escape');
  await latency.hover();
  await expect(points).toHaveAttribute('aria-valuenow', /^(29|30)$/);
});

test('a custom range is checked at its fields, and shows only what happened in it', async ({ page, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await receiver.waitForCount(1);
  const item = await openActivity(page, 'SIEM');
  await expect(figure(item, 'Delivered')).not.toHaveText('0');
  await item.getByRole('button', { name: 'Custom range' }).click();
  const form = item.getByRole('form', { name: 'Custom range' });
  await expect(form.getByLabel('From')).toBeFocused();
  await form.getByRole('button', { name: 'Show' }).click();
  await expect(form.getByText('Enter a date and a time.')).toBeVisible();
  await expect(form.getByLabel('From')).toBeFocused();
  const local = (hoursAgo: number): string => {
    const at = new Date(Date.now() - hoursAgo * 3_600_000);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  };
  await form.getByLabel('From').fill(local(3));
  await form.getByLabel('To').fill(local(4));
  await form.getByRole('button', { name: 'Show' }).click();
  await expect(form.getByText('The end must be at least 5 minutes after the start.')).toBeVisible();
  await a11y.expectNoViolations();
  await form.getByLabel('To').fill(local(1));
  await form.getByRole('button', { name: 'Show' }).click();
  await expect(figure(item, 'Delivered')).toHaveText('0');
  await expect(item.getByText('No events were delivered in this time range.')).toBeVisible();
  await a11y.expectNoViolations();
  await item.getByRole('button', { name: 'Last hour' }).click();
  await expect(figure(item, 'Delivered')).not.toHaveText('0');
});

test('recent deliveries say what was sent and what came back, and stay while one is read', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  const token = await instance.createToken('app', 'ingest');
  receiver.respondWith(({ body }) =>
    body.includes('"event-1"') ? { status: 422, body: '\nno such index <b>audit</b>\nmore' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(3));
  await receiver.waitFor((requests) => idsOf(requests).length >= 3, 'the events');

  const item = await openActivity(page, 'SIEM');
  const deliveries = item.getByRole('region', { name: 'Recent deliveries' });
  const row = (text: string) => deliveries.getByRole('listitem').filter({ hasText: text });
  await expect(row('Created user 0')).toContainText('200');
  await expect(row('Created user 0')).toContainText('user_created');
  // The first attempt: it is tried again later.
  const refused = row('Created user 1').last();
  await expect(refused).toContainText('422');
  await expect(refused).toContainText('no such index <b>audit</b>');
  await a11y.expectNoViolations();

  // An open row stays where it is; what is newer is offered.
  await refused.getByText('Created user 1').click();
  await expect(refused.getByText('more')).toBeVisible();
  await expect(refused.getByText('event-1', { exact: true })).toBeVisible();
  await postEvents(request, instance, token, numbered(2, 20));
  await deliveries.getByRole('button', { name: /^Show \d+ newer deliver/ }).click();
  await expect(row('Created user 21')).toBeVisible();
  await expect(refused.getByText('more')).toBeVisible();
  await a11y.expectNoViolations();

  await deliveries.getByRole('button', { name: 'Failed' }).click();
  await expect(row('Created user 0')).toBeHidden();
  await expect(refused).toBeVisible();
  await refused.getByRole('link', { name: /^Show the event at position/ }).click();
  await expect(page).toHaveURL(/tab=log&event=\d+/);
});

test('the activity fits every window', async ({ page, instance, receiver }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await receiver.waitForCount(1);
  await page.setViewportSize({ width: 320, height: 800 });
  const item = await openActivity(page, 'SIEM');
  await item.getByText('Show as a table').click();
  for (const width of [320, 390, 1024, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await overflow(page), `${width} pixels`).toBe(0);
  }
});
