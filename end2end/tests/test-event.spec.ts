// Send test event: from the form of a destination that is not added yet, and of one that is.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { expect, S3, test } from '../fixtures/cloud.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, expand, openAddForm, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import {
  closeReport,
  reportDialog,
  sendButton,
  sendTestEvent,
  stagesOf,
  statesOf,
  unfold,
} from '../fixtures/test-event.ts';

const DELIVER = 'Deliver the event';
const NETWORK = ['Address resolved', 'Network rule', 'TCP connection', 'TLS and certificate', 'Request sent', 'Answer'];
const TOKEN = 'verification-token-12345';
const MASK = '••••';

/** A server of raw TCP; `answer` is told when a connection has sent something. */
async function listen(answer: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in` };
}

// `overheard` listens from before the first page on.
test.beforeEach(async ({ overheard, page, instance }) => {
  expect(overheard).toBeDefined();
  await signIn(page, instance);
  await openStreams(page);
});

test('Before it is added: each stage with its time, the request without its secrets, the answer', async ({ page, receiver, a11y, overheard }) => {
  receiver.respondWith({ status: 202, body: '<b>taken</b>' });
  const form = await openAddForm(page, 'HTTP endpoint');
  await sendButton(form).click();
  await expect(form.getByText('Correct the 2 marked fields.')).toBeVisible();
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill(`${receiver.url}in?key=s3cret-in-the-query`);
  await form.getByLabel('Verification token').fill(TOKEN);
  await form.getByRole('button', { name: 'Add header' }).click();
  await form.getByRole('textbox', { name: 'Header' }).fill('X-Key');
  await form.getByRole('textbox', { name: 'Value' }).fill('s3cret-of-a-header');

  const dialog = await sendTestEvent(page, form);
  await expect(dialog).toContainText('Accepted');
  await expect(dialog).toContainText('The receiver accepted the test event.');
  const stages = await stagesOf(dialog, DELIVER);
  expect(stages.map(({ name }) => name)).toEqual(['Request prepared', ...NETWORK]);
  expect(stages.map(({ state }) => state).join(' ')).toBe('Done Done Done Done Skipped Done Done');
  for (const { state, time } of stages) expect(time).toMatch(state === 'Done' ? /^(< 0\.1|[\d,]+(\.\d)?) ms$/ : /^$/);
  expect(stages.at(-1)?.words).toContain('202 Accepted');
  await a11y.expectNoViolations();

  const [{ headers, body }] = receiver.requests as [Received];
  expect(headers['x-key']).toBe('s3cret-of-a-header');
  expect(headers['x-gitlab-event-streaming-token']).toBe(TOKEN);
  const event = JSON.parse(body.toString()) as { id: string; event_type: string };
  expect(event.event_type).toBe('audit_event_stream_test');
  await expect(dialog).toContainText(`Id of the event: ${event.id}`);
  const sent = await unfold(dialog, /^Request as sent/);
  await expect(sent).toContainText(`POST ${receiver.url}in?key=${MASK}`);
  await expect(sent.getByRole('row', { name: 'x-key' })).toContainText(MASK);
  await expect(sent.getByRole('row', { name: 'x-gitlab-audit-event-type' })).toContainText('audit_event_stream_test');
  await expect(sent.getByRole('region', { name: 'Body of the request' })).toHaveText(body.toString());
  await expect((await unfold(dialog, /^Answer 202/)).getByRole('region', { name: 'Body of the response' })).toHaveText('<b>taken</b>');
  await a11y.expectNoViolations();
  // What was typed stands in its fields, and nowhere else.
  const shown = await dialog.innerHTML();
  for (const secret of [TOKEN, 's3cret-of-a-header', 's3cret-in-the-query', String(headers['webhook-signature'])]) {
    expect(shown).not.toContain(secret);
  }

  await dialog.getByRole('button', { name: 'Send again' }).click();
  await receiver.waitForCount(2);
  await expect(dialog).not.toContainText(event.id);
  await closeReport(page, form);
  await form.getByRole('button', { name: 'Cancel' }).click();
  await overheard.expectNothingOf('s3cret-of-a-header');
  await overheard.expectNothingOf('s3cret-in-the-query');
  await overheard.expectNothingOf(TOKEN);
  await expect(page.getByRole('heading', { name: 'Setup streaming for audit events' })).toBeVisible();
});

test('What the receiver refuses is told with what to do, and its answer opened', async ({ page, receiver, a11y }) => {
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill(receiver.url);
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  for (const [status, summary, advice] of [
    [401, 'The receiver answered 401 Unauthorized.', 'verification token'],
    [404, 'The receiver answered 404 Not Found.', 'exactly this URL'],
    [308, 'The receiver answered 308 Permanent Redirect.', 'never followed'],
    [503, 'The receiver answered 503 Service Unavailable.', 'resumes automatically'],
  ] as const) {
    receiver.respondWith({ status, headers: { location: 'http://elsewhere.example/' }, body: markup });
    const dialog = await sendTestEvent(page, form);
    await expect(dialog.getByText('Not accepted')).toBeVisible();
    await expect(dialog.getByText(summary).first()).toBeVisible();
    await expect(dialog.getByRole('note', { name: 'Next step' })).toContainText(advice);
    expect(await statesOf(dialog, DELIVER)).toBe('Done Done Done Done Skipped Done Failed');
    await expect(dialog.getByText(`Answer ${status}`)).toBeVisible();
    await expect(dialog.getByRole('region', { name: 'Body of the response' })).toHaveText(markup);
    await a11y.expectNoViolations();
    await closeReport(page, form);
  }
  expect(await page.title()).not.toMatch(/^[12]$/);
});

test('What is never reached: no such host, nobody there, no HTTP', async ({ page }) => {
  const junk = await listen((socket) => socket.end('220 mail.example ESMTP\r\n'));
  const nobody = await listen(() => undefined);
  nobody.server.close();
  await once(nobody.server, 'close');
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  for (const [url, summary, states] of [
    ['http://nowhere.invalid/in', 'Host cannot be resolved or invalid.', 'Done Failed Skipped Skipped Skipped Skipped Skipped'],
    [nobody.url, 'No connection: Connection refused', 'Done Done Done Failed Skipped Skipped Skipped'],
    [nobody.url.replace('http:', 'https:'), 'No connection: Connection refused', 'Done Done Done Failed Skipped Skipped Skipped'],
    [junk.url.replace('http:', 'https:'), 'The TLS handshake failed', 'Done Done Done Done Failed Skipped Skipped'],
    [junk.url, 'The connection ended before the answer', 'Done Done Done Done Skipped Done Failed'],
  ] as const) {
    await form.getByLabel('Destination URL').fill(url);
    const dialog = await sendTestEvent(page, form);
    await expect(dialog.getByText(summary).first()).toBeVisible();
    await expect(dialog.getByRole('note', { name: 'Next step' })).toHaveText(/\.$/);
    expect(await statesOf(dialog, DELIVER), url).toBe(states);
    await expect(dialog.getByText(/^Answer \d/)).toHaveCount(0);
    await closeReport(page, form);
  }
  junk.server.close();
});

test('A test can be cancelled, and nothing that was typed is lost', async ({ page }) => {
  const sockets: Socket[] = [];
  const stalled = await listen((socket) => void sockets.push(socket));
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill(stalled.url);
  await sendButton(form).click();
  await form.getByRole('button', { name: 'Cancel test' }).click();
  await expect(sendButton(form)).toBeFocused();
  await expect(sendButton(form)).toBeEnabled();
  await expect(reportDialog(page)).toBeHidden();
  await expect(form.getByLabel('Destination URL')).toHaveValue(stalled.url);
  sockets.forEach((socket) => socket.destroy());
  stalled.server.close();
});

test('A receiver that says nothing: Testing… until the deadline', async ({ page }) => {
  const sockets: Socket[] = [];
  const stalled = await listen((socket) => void sockets.push(socket));
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill(stalled.url);
  await sendButton(form).click();
  await expect(form.getByRole('button', { name: 'Testing…' })).toBeDisabled();
  const dialog = reportDialog(page);
  await expect(dialog).toBeVisible({ timeout: 20_000 });
  await expect(dialog.getByRole('note', { name: 'Next step' })).toContainText('within the request timeout');
  expect(await statesOf(dialog, DELIVER)).toBe('Done Done Done Done Skipped Done Failed');
  expect((await stagesOf(dialog, DELIVER)).at(-1)?.time).toMatch(/^(9,[89]\d\d|10,\d\d\d) ms$/);
  await closeReport(page, form);
  sockets.forEach((socket) => socket.destroy());
  stalled.server.close();
});

test('After it is added: with the secrets that are stored, and with what is typed and not saved', async ({ page, receiver, overheard }) => {
  await addHttpDestination(page, 'SIEM', receiver.url, TOKEN);
  const form = await expand(page, 'SIEM');
  await form.getByRole('button', { name: 'Add header' }).click();
  await form.getByRole('textbox', { name: 'Header' }).fill('X-Key');
  await form.getByRole('textbox', { name: 'Value' }).fill('s3cret-of-a-header');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Stream updated successfully')).toBeVisible();
  await page.reload();

  const tests = (): typeof receiver.requests =>
    receiver.requests.filter(({ headers }) => headers['x-gitlab-audit-event-type'] === 'audit_event_stream_test');
  const dialog = await sendTestEvent(page, form);
  await expect(dialog).toContainText('The receiver accepted the test event.');
  expect(tests().at(-1)?.headers).toMatchObject({ 'x-key': 's3cret-of-a-header', 'x-gitlab-event-streaming-token': TOKEN });
  await overheard.expectNothingOf('s3cret-of-a-header');
  await closeReport(page, form);

  await form.getByRole('textbox', { name: 'Header' }).fill('X-Other-Key');
  await sendTestEvent(page, form);
  expect(tests().at(-1)?.headers).toMatchObject({ 'x-other-key': 's3cret-of-a-header' });
  await closeReport(page, form);
  // Nothing of it was saved.
  await expect(form.getByRole('button', { name: 'Save' })).toBeEnabled();
  await expect(form.getByRole('textbox', { name: 'Header' })).toHaveValue('X-Other-Key');
  await page.reload();
  await expect(form.getByRole('textbox', { name: 'Header' })).toHaveValue('X-Key');
  await expect(streamItem(page, 'SIEM').getByText('Healthy')).toBeVisible();
});

test('AWS S3: an object of its own; what is wrong with the bucket or the key', async ({ page, s3, overheard, a11y }) => {
  const form = await openAddForm(page, 'AWS S3');
  await form.getByLabel('Destination Name').fill('Archive');
  await form.getByLabel('Access Key ID').fill(S3.accessKeyId);
  await form.getByLabel('AWS Region').fill('us-east-1');
  await form.getByLabel('Bucket Name').fill(S3.bucket);
  await form.getByLabel('Secret Access Key', { exact: true }).fill(S3.secretAccessKey);
  await form.getByLabel('Endpoint URL').fill(s3.url);
  const dialog = await sendTestEvent(page, form);
  await expect(dialog).toContainText('The test event was stored as an object of its own.');
  expect((await stagesOf(dialog, 'Put the object')).map(({ name }) => name)).toEqual(['Request prepared', ...NETWORK]);
  const [object] = await s3.objects();
  expect(object?.text).toContain('audit_event_stream_test');
  expect((await stagesOf(dialog, 'Put the object')).at(0)?.words).toContain(object?.key);
  const sent = await unfold(dialog, /^Request as sent/);
  await expect(sent.getByRole('row', { name: 'authorization' })).toContainText(MASK);
  await a11y.expectNoViolations();
  await closeReport(page, form);

  await form.getByLabel('Bucket Name').fill('elsewhere');
  await sendTestEvent(page, form);
  await expect(dialog.getByRole('note', { name: 'Next step' })).toContainText('bucket');
  await closeReport(page, form);
  await form.getByLabel('Bucket Name').fill(S3.bucket);
  await form.getByLabel('Secret Access Key', { exact: true }).fill('Wr0ngSecretAccessKey+Wr0ngSecretAccessKey');
  await sendTestEvent(page, form);
  await expect(dialog.getByRole('note', { name: 'Next step' })).toContainText('secret access key');
  await closeReport(page, form);
  await form.getByRole('button', { name: 'Cancel' }).click();
  await overheard.expectNothingOf(S3.secretAccessKey);
});

test.describe('Google Cloud Logging', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('an access token, then the entry; a mistake that only the server finds', async ({ page, google, overheard, a11y }) => {
    const { project_id, client_email, private_key } = google.account;
    const form = await openAddForm(page, 'Google Cloud Logging');
    await form.getByLabel('Destination Name').fill('Cloud');
    await form.getByLabel('Project ID').fill(project_id);
    await form.getByLabel('Client Email').fill(client_email);
    await form.getByLabel('Log ID').fill('audit-events');
    const key = form.getByRole('textbox', { name: 'Private key' });
    await key.fill('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    await sendButton(form).click();
    await expect(key).toHaveAttribute('aria-invalid', 'true');
    await expect(reportDialog(page)).toBeHidden();
    expect(await google.entries()).toEqual([]);

    await key.fill(private_key);
    const dialog = await sendTestEvent(page, form);
    await expect(dialog).toContainText('Cloud Logging wrote the test event as a log entry.');
    for (const purpose of ['Get an access token', 'Write the log entry']) {
      expect((await stagesOf(dialog, purpose)).map(({ name }) => name)).toEqual(['Request prepared', ...NETWORK]);
      expect(await statesOf(dialog, purpose)).toBe('Done Done Done Done Skipped Done Done');
    }
    const [entry] = await google.entries();
    expect(entry?.jsonPayload.event_type).toBe('audit_event_stream_test');
    await a11y.expectNoViolations();
    await closeReport(page, form);

    await form.getByLabel('Project ID').fill('another-project');
    await sendTestEvent(page, form);
    await expect(dialog.getByText('Not accepted')).toBeVisible();
    expect(await statesOf(dialog, 'Get an access token')).toBe('Done Done Done Done Skipped Done Done');
    expect(await statesOf(dialog, 'Write the log entry')).toBe('Done Done Done Done Skipped Done Failed');
    await closeReport(page, form);
    await form.getByRole('button', { name: 'Cancel' }).click();
    await overheard.expectNothingOf(private_key.split('\n')[5] ?? private_key);
  });
});

test.describe('without the local network', () => {
  test.use({ serverEnv: { AUDIT_STREAMS_ALLOW_LOCAL_NETWORK: 'false' } });

  test('what the network rules forbid is found, and nothing is sent', async ({ page, receiver }) => {
    const form = await openAddForm(page, 'HTTP endpoint');
    await form.getByLabel('Destination Name').fill('SIEM');
    await form.getByLabel('Destination URL').fill(receiver.url);
    const dialog = await sendTestEvent(page, form);
    await expect(dialog.getByText('loopback').first()).toBeVisible();
    await expect(dialog.getByRole('note', { name: 'Next step' })).toContainText('Settings › Network');
    expect(await statesOf(dialog, DELIVER)).toBe('Done Done Failed Skipped Skipped Skipped Skipped');
    await expect(dialog.getByText('Request, which was not sent')).toBeVisible();
    expect(receiver.requests).toHaveLength(0);
  });
});

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test.describe(`${viewport.width} wide`, () => {
    test.use({ colorScheme: 'light', viewport });

    test('the report is accessible in both themes and fits', async ({ page, receiver, a11y }, testInfo) => {
      receiver.respondWith({ status: 401, body: '{"error":"The token is not known."}' });
      const form = await openAddForm(page, 'HTTP endpoint');
      await form.getByLabel('Destination Name').fill('SIEM');
      await form.getByLabel('Destination URL').fill(receiver.url);
      const dialog = await sendTestEvent(page, form);
      const shoot = async (name: string): Promise<void> => {
        const path = testInfo.outputPath(`${name}.png`);
        await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
        await testInfo.attach(name, { path, contentType: 'image/png' });
      };
      await shoot('refused');
      await unfold(dialog, /^Request as sent/);
      await dialog.getByRole('group', { name: 'Report' }).evaluate((place) => place.scrollTo(0, 400));
      await shoot('unfolded');
      await a11y.expectNoViolations();
      await page.emulateMedia({ colorScheme: 'dark' });
      await a11y.expectContrast();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      const wider = await dialog.getByRole('group', { name: 'Report' }).evaluate((place) => place.scrollWidth - place.clientWidth);
      expect(wider).toBeLessThanOrEqual(0);
      receiver.respondWith(200);
      await dialog.getByRole('button', { name: 'Send again' }).click();
      await expect(dialog.getByText('Accepted', { exact: true })).toBeInViewport();
      await expect(dialog.getByRole('group', { name: 'Report' })).toBeFocused();
      await shoot('accepted');
      await dialog.getByRole('button', { name: 'Close' }).click();
      await sendButton(form).scrollIntoViewIfNeeded();
      await shoot('form');
    });
  });
}
