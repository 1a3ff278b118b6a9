// From the page to a real receiver and back: the way that every administrator goes first.
import { postEvents } from '../fixtures/ingest.ts';
import { payloads } from '../fixtures/payloads.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, openStreams, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

function from(source: string, requests: readonly Received[]): Received[] {
  return requests.filter((request) => request.headers['x-audit-streams-source'] === source);
}

test('events go from a system through the Log to a destination', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  await expect(page.getByRole('heading', { name: 'Setup streaming for audit events' })).toBeVisible();
  await a11y.expectNoViolations();

  await addHttpDestination(page, 'SIEM', receiver.url);
  await expect(page.getByRole('heading', { name: '1 destination' })).toBeVisible();
  await a11y.expectNoViolations();

  // Every documented payload, all of them in one request and each once more alone.
  const token = await instance.createToken('gitlab', 'ingest');
  const ids = await postEvents(request, instance, token, `[${payloads.join(',')}]`);
  expect(ids).toEqual(payloads.map((payload) => String((JSON.parse(payload) as { id: unknown }).id)));
  for (const payload of payloads) {
    await postEvents(request, instance, token, payload);
  }

  // The receiver has each once, byte for byte, under the documented headers.
  await receiver.waitFor((requests) => from('gitlab', requests).length >= payloads.length, 'all payloads');
  const received = from('gitlab', receiver.requests);
  expect(received.map(({ body }) => body.toString()).sort()).toEqual([...payloads].sort());
  const verificationToken = received[0]?.headers['x-gitlab-event-streaming-token'];
  for (const { method, headers, body } of received) {
    const event = JSON.parse(body.toString()) as { id: unknown; event_type: string };
    expect(method).toBe('POST');
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(headers['x-gitlab-audit-event-type']).toBe(event.event_type);
    expect(headers['x-gitlab-event-streaming-token']).toBe(verificationToken);
    expect(headers['webhook-id']).toBe(`gitlab:${encodeURIComponent(String(event.id))}`);
    expect(headers['webhook-signature']).toMatch(/^v1,/);
    expect(headers['user-agent']).toMatch(/^audit-streams\//);
  }

  // The token beside the destination is the one that was sent.
  await expect(page.getByText('Healthy')).toBeVisible();
  await streamItem(page, 'SIEM').getByRole('button', { name: 'SIEM', expanded: false }).click();
  await expect(page.getByRole('textbox', { name: 'Verification token' })).toHaveValue(String(verificationToken));
  await a11y.expectNoViolations();

  // They are in the Log, and each opens whole.
  await page.getByRole('tab', { name: 'Log' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Changed email address from grace@navy.example to grace@cobol.example' });
  await expect(row).toBeVisible();
  await expect(row).toContainText('Ada Lovelace');
  await a11y.expectNoViolations();
  await row.click();
  const details = page.getByRole('dialog');
  await expect(details).toContainText('user_email_changed');
  await expect(details).toContainText('Grace Hopper 🧮');
  await a11y.expectNoViolations();
  await page.keyboard.press('Escape');
  await expect(details).toBeHidden();
});

test('a destination is renamed, deleted with the dialog, and then streaming is off', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'Frist', receiver.url);
  const token = await instance.createToken('app', 'ingest');

  await streamItem(page, 'Frist').getByRole('button', { name: 'Frist', expanded: false }).click();
  const form = page.getByRole('form', { name: 'Settings of Frist' });
  await expect(form.getByLabel('Destination URL')).toBeDisabled();
  await form.getByLabel('Destination Name').fill('First');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Stream updated successfully')).toBeVisible();
  await expect(streamItem(page, 'First').getByRole('button', { name: 'First', expanded: true })).toBeVisible();

  // A second destination, so that deleting the first leaves one.
  await addHttpDestination(page, 'Second', `${receiver.url}second`);
  await expect(page.getByRole('heading', { name: '2 destinations' })).toBeVisible();
  await streamItem(page, 'First').getByRole('button', { name: 'Delete destination' }).click();
  const dialog = page.getByRole('dialog', { name: 'Are you sure about deleting this destination?' });
  await expect(dialog).toContainText('Deleting the streaming destination First will stop audit events being streamed');
  await a11y.expectNoViolations();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(streamItem(page, 'First')).toBeVisible();

  await streamItem(page, 'First').getByRole('button', { name: 'Delete destination' }).click();
  await dialog.getByRole('button', { name: 'Delete destination' }).click();
  await expect(page.getByText('Stream deleted successfully')).toBeVisible();
  await expect(page.getByRole('heading', { name: '1 destination' })).toBeVisible();

  await streamItem(page, 'Second').getByRole('button', { name: 'Second', expanded: false }).click();
  await streamItem(page, 'Second').getByRole('button', { name: 'Delete destination' }).click();
  await dialog.getByRole('button', { name: 'Delete destination' }).click();
  await expect(page.getByRole('heading', { name: 'Setup streaming for audit events' })).toBeVisible();

  // Streaming is off: what comes now is stored and shown, and goes nowhere.
  await postEvents(request, instance, token, '{"event_type":"nobody_gets_this"}');
  await page.getByRole('tab', { name: 'Log' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Nobody gets this' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Changed name from Frist to First' })).toBeVisible();
  // The page would go on asking.
  await page.close();
  await instance.stop();
  expect(receiver.requests.some(({ body }) => body.includes('nobody_gets_this'))).toBe(false);
});

test.describe('refusals', () => {
  // The browser's own line about each answer that refuses something.
  test.use({ expectedConsole: [/status of 422/] });

  test('what is wrong is told at its field, and nothing typed is lost', async ({ page, instance, receiver, a11y }) => {
    await signIn(page, instance);
    await openStreams(page);
    await addHttpDestination(page, 'SIEM', receiver.url);

    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
    const form = page.getByRole('form', { name: 'Add streaming destination' });
    await form.getByLabel('Destination Name').fill('SIEM');
    await form.getByLabel('Destination URL').fill('https://other.example/in');
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(form.getByText('Name has already been taken')).toBeVisible();
    await expect(form.getByLabel('Destination Name')).toHaveAttribute('aria-invalid', 'true');
    await expect(form.getByLabel('Destination URL')).toHaveValue('https://other.example/in');
    await a11y.expectNoViolations();

    await form.getByLabel('Destination Name').fill('Other');
    await form.getByLabel('Destination URL').fill(receiver.url);
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(form.getByText('Destination URL has already been taken.')).toBeVisible();
  });
});

test.describe('two administrators at once', () => {
  test.use({ expectedConsole: [/status of 409/] });

  test('the second is told, and nothing is overwritten', async ({ page, context, instance, receiver }) => {
    await signIn(page, instance);
    await openStreams(page);
    await addHttpDestination(page, 'Shared', receiver.url);
    const other = await context.newPage();
    await other.goto('/admin/audit_logs?tab=streams');
    for (const [tab, name] of [[page, 'Mine'], [other, 'Theirs']] as const) {
      await streamItem(tab, 'Shared').getByRole('button', { name: 'Shared', expanded: false }).click();
      await tab.getByLabel('Destination Name').fill(name);
    }
    await other.getByRole('button', { name: 'Save' }).click();
    await expect(other.getByText('Stream updated successfully')).toBeVisible();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Someone else changed this destination.')).toBeVisible();
    await page.reload();
    await expect(streamItem(page, 'Theirs')).toBeVisible();
  });
});

test('events that were acknowledged arrive after the server was killed', async ({ page, request, instance, receiver }) => {
  await signIn(page, instance);
  await openStreams(page);
  receiver.respondWith(503);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const token = await instance.createToken('app', 'ingest');
  const ids = await postEvents(request, instance, token, payloads.join('\n'));
  await expect(page.getByText(/503 from server/)).toBeVisible();
  // A page that is open asks the server every few seconds, and would complain.
  await page.goto('about:blank');
  await instance.kill();
  receiver.respondWith(200);
  const before = receiver.requests.length;
  await instance.restart();
  const accepted = (requests: readonly Received[]): string[] =>
    from('app', requests.slice(before)).map(({ body }) => String((JSON.parse(body.toString()) as { id: unknown }).id));
  await receiver.waitFor((requests) => ids.every((id) => accepted(requests).includes(id)), 'every acknowledged event');
});
