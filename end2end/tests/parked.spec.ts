// Parked events: one, several or all of them are retried or discarded.
import { openActivity } from '../fixtures/activity.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { parkWhatWasRefused } from '../fixtures/parked.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

// The browser's own line about a request while the server is being killed and started again.
const SERVER_GONE = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;
test.use({ expectedConsole: [SERVER_GONE] });

function numbered(count: number): string {
  const events = Array.from({ length: count }, (_, index) => ({
    id: `event-${index}`,
    event_type: 'user_created',
    entity_type: 'User',
    entity_id: index,
    details: { custom_message: `Created user ${index}` },
  }));
  return JSON.stringify(events);
}

const idsOf = (requests: readonly Received[]): string[] =>
  requests
    .filter(({ headers }) => headers['x-audit-streams-source'] === 'app')
    .map(({ body }) => String((JSON.parse(body.toString()) as { id: unknown }).id));

test('parked events are retried or discarded, each with its reason', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  const token = await instance.createToken('app', 'ingest');
  receiver.respondWith((received) =>
    received.body.includes('"event-') ? { status: 422, body: 'no such index\nsecond line' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(5));
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 5, 'the events');
  await parkWhatWasRefused(instance);
  await page.reload();

  const item = await openActivity(page, 'SIEM');
  const parked = item.getByRole('region', { name: 'Parked events' });
  await expect(parked.getByRole('heading', { name: '5 parked events' })).toBeVisible();
  const row = (text: string) => parked.getByRole('row').filter({ hasText: text });
  await expect(row('Created user 4')).toContainText('user_created');
  await expect(row('Created user 4')).toContainText('422');
  await expect(row('Created user 4')).toContainText('no such index');
  await row('Created user 4').getByText('no such index').first().click();
  await expect(row('Created user 4').getByText('second line')).toBeVisible();
  await a11y.expectNoViolations();

  // Discarding asks first, in the middle of the window at every width.
  for (const width of [320, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await row('Created user 4').getByRole('button', { name: /^Discard: event/ }).click();
    const question = page.getByRole('dialog', { name: 'Discard this event?' });
    await expect(question).toBeVisible();
    const box = await question.boundingBox();
    if (box === null) throw new Error('the dialog is not visible');
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.width).toBeGreaterThan(280);
    await a11y.expectNoViolations();
    await page.keyboard.press('Escape');
    await expect(question).toBeHidden();
    expect(await overflow(page)).toBe(0);
  }
  await row('Created user 4').getByRole('button', { name: /^Discard: event/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(parked.getByRole('heading', { name: '4 parked events' })).toBeVisible();
  await expect(item.getByText('Discarded 1 event.')).toBeVisible();

  // Several at once; what is typed below stays.
  const from = item.getByRole('region', { name: 'Replay' }).getByLabel('From');
  await from.fill('2026-01-01T00:00:00');
  await expect(parked.getByRole('button', { name: 'Retry selected' })).toBeDisabled();
  await row('Created user 3').getByRole('checkbox').check();
  await row('Created user 2').getByRole('checkbox').check();
  await expect(parked.getByText('2 selected')).toBeVisible();
  await parked.getByRole('button', { name: 'Discard selected' }).click();
  await page.getByRole('dialog', { name: 'Discard 2 events?' }).getByRole('button', { name: 'Discard' }).click();
  await expect(parked.getByRole('heading', { name: '2 parked events' })).toBeVisible();

  receiver.respondWith(200);
  const before = receiver.requests.length;
  await row('Created user 0').getByRole('button', { name: /^Retry: event/ }).click();
  await receiver.waitFor((requests) => idsOf(requests.slice(before)).includes('event-0'), 'the retried event');
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  await parked.getByRole('button', { name: 'Retry all' }).click();
  await receiver.waitFor((requests) => idsOf(requests.slice(before)).includes('event-1'), 'the rest');
  await expect(parked).toBeHidden();
  await expect(from).toHaveValue(/^2026-01-01T00:00/);
  expect(idsOf(receiver.requests.slice(before))).not.toContain('event-2');

  // All of it is in the Log.
  await page.goto('/admin/audit_logs?tab=log');
  await expect(page.getByText('Discarded the parked audit events at positions', { exact: false }).first()).toBeVisible();
  await expect(page.getByText('Retried all parked audit events (1)').first()).toBeVisible();
});

test('rejected events that are retried are parked, retried now or discarded', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  const token = await instance.createToken('app', 'ingest');
  receiver.respondWith((received) =>
    received.body.includes('"event-') ? { status: 422, body: 'no such index' } : { status: 200 },
  );
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, numbered(5));
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 5, 'the events');

  const item = await openActivity(page, 'SIEM');
  const retrying = item.getByRole('region', { name: 'Rejected events that are retried' });
  const parked = item.getByRole('region', { name: 'Parked events' });
  await expect(retrying.getByRole('heading', { name: '5 rejected events, retrying' })).toBeVisible();
  const row = (text: string) => retrying.getByRole('row').filter({ hasText: text });
  await expect(row('Created user 4')).toContainText('no such index');
  await a11y.expectNoViolations();
  await row('Created user 4').getByRole('button', { name: /^Park: event/ }).click();
  await expect(item.getByText('Parked 1 event.')).toBeVisible();
  await expect(retrying.getByRole('heading', { name: '4 rejected events, retrying' })).toBeVisible();
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  await expect(parked.getByText('Parked by an administrator.', { exact: false }).first()).toBeVisible();

  await row('Created user 3').getByRole('checkbox').check();
  await retrying.getByRole('button', { name: 'Discard selected' }).click();
  await page.getByRole('dialog', { name: 'Discard this event?' }).getByRole('button', { name: 'Discard' }).click();
  await expect(retrying.getByRole('heading', { name: '3 rejected events, retrying' })).toBeVisible();
  for (const width of [320, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await overflow(page)).toBe(0);
  }

  // The link of the row leads to the parked events.
  await streamItem(page, 'SIEM').getByRole('link', { name: '1 parked' }).click();
  await expect(page).toHaveURL(/view=parked/);
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeFocused();
  await page.reload();
  await expect(parked.getByRole('heading', { name: '1 parked event' })).toBeFocused();

  receiver.respondWith(200);
  const before = receiver.requests.length;
  await retrying.getByRole('button', { name: 'Retry all now' }).click();
  await receiver.waitFor((requests) => new Set(idsOf(requests.slice(before))).size === 3, 'the retried events');
  await expect(retrying).toBeHidden();
  expect(idsOf(receiver.requests.slice(before)).sort()).toEqual(['event-0', 'event-1', 'event-2']);
});

test('more parked events than a page are all within reach', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  const token = await instance.createToken('app', 'ingest');
  receiver.respondWith((received) => ({ status: received.body.includes('"event-') ? 422 : 200 }));
  await addHttpDestination(page, 'SIEM', receiver.url);
  // With others that are accepted between them: a destination that refuses everything is not sent more.
  const events = JSON.parse(numbered(30)) as object[];
  const accepted = (index: number): object => ({ id: `fine-${index}`, event_type: 'user_updated', entity_type: 'Group', entity_id: index });
  await postEvents(request, instance, token, JSON.stringify(events.flatMap((event, index) => [event, accepted(index)])));
  await receiver.waitFor((requests) => new Set(idsOf(requests)).size === 60, 'the events');
  await parkWhatWasRefused(instance);
  await page.reload();
  await expect(streamItem(page, 'SIEM').getByRole('link', { name: '30 parked' })).toBeVisible();

  const item = await openActivity(page, 'SIEM');
  const parked = item.getByRole('region', { name: 'Parked events' });
  await expect(parked.getByText('1–25 of 30')).toBeVisible();
  await parked.getByRole('button', { name: 'Older' }).click();
  await expect(parked.getByText('26–30 of 30')).toBeVisible();
  await expect(parked.getByText('Created user 0', { exact: true })).toBeVisible();
  await parked.getByRole('checkbox', { name: 'Select all events on this page' }).check();
  await expect(parked.getByText('5 selected')).toBeVisible();
  await a11y.expectNoViolations();
  await parked.getByRole('button', { name: 'Discard selected' }).click();
  await page.getByRole('dialog', { name: 'Discard 5 events?' }).getByRole('button', { name: 'Discard' }).click();
  await expect(parked.getByRole('heading', { name: '25 parked events' })).toBeVisible();
  await expect(parked.getByText('Created user 29', { exact: true })).toBeVisible();
  await parked.getByRole('button', { name: 'Discard all' }).click();
  await page.getByRole('dialog', { name: 'Discard 25 events?' }).getByRole('button', { name: 'Discard' }).click();
  await expect(parked).toBeHidden();
  await expect(item.getByRole('link', { name: 'parked' })).toBeHidden();
});
