// Settings › Alerts: what is set up there, what is refused, what the tests say, and that no secret comes back.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Locator, Page } from '@playwright/test';

import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

const PASSWORD = 'a password for mail';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

// The browser's own line about each answer that refuses something.
test.use({ expectedConsole: [/status of 422/] });

async function open(page: Page): Promise<void> {
  await page.goto('/admin');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
}

async function save(form: Locator): Promise<void> {
  await form.getByRole('button', { name: 'Save' }).click();
}

test('thresholds are changed and what is wrong is told at its field', async ({ page, instance, a11y }) => {
  await signIn(page, instance);
  await open(page);
  await expect(page.getByText('No open alerts.')).toBeVisible();
  const form = page.getByRole('form', { name: 'Thresholds' });
  await expect(form.getByLabel('Alert when a stream has failed for')).toHaveValue('10');
  await form.getByLabel('Alert when a stream has failed for').fill('0');
  await form.getByLabel("Alert when a stream's backlog uses").fill('100');
  await save(form);
  await expect(form.getByText('a whole number of minutes from 1 to 1440')).toBeVisible();
  await expect(form.getByText('a whole number from 50 to 99')).toBeVisible();
  await a11y.expectNoViolations();
  await form.getByLabel('Alert when a stream has failed for').fill('15');
  await form.getByLabel("Alert when a stream's backlog uses").fill('');
  await save(form);
  await expect(form.getByText('Saved.')).toBeVisible();
  await expect(form.getByLabel("Alert when a stream's backlog uses")).toHaveValue('80');
  await page.reload();
  await expect(form.getByLabel('Alert when a stream has failed for')).toHaveValue('15');
});

test('a webhook is set up, tried, and its secret never shown', async ({ page, instance, receiver, overheard, a11y }) => {
  await signIn(page, instance);
  await open(page);
  const form = page.getByRole('form', { name: 'Webhook', exact: true });
  await expect(page.getByRole('button', { name: 'Send test', exact: true })).toHaveCount(0);
  await form.getByLabel('URL').fill('ftp://ops.example');
  await form.getByRole('textbox', { name: 'Signing secret' }).fill('secret');
  await save(form);
  await expect(form.getByText('Only allowed schemes are http, https')).toBeVisible();
  await expect(form.getByText('Signing secret: whsec_ followed by')).toBeVisible();
  await form.getByLabel('URL').fill(receiver.url);
  await form.getByRole('textbox', { name: 'Signing secret' }).fill(SECRET);
  await save(form);
  await expect(form.getByText('Saved.')).toBeVisible();
  await expect(form.getByRole('textbox', { name: 'Signing secret' })).toHaveValue('');
  await expect(form.getByText('One is stored and not shown.')).toBeVisible();
  await a11y.expectNoViolations();

  const tried = page.getByRole('form', { name: 'Send test', exact: true });
  await tried.getByRole('button', { name: 'Send test' }).click();
  await expect(tried.getByText('Test delivered.')).toBeVisible();
  const [request] = await receiver.waitForCount(1);
  const [id, sentAt] = [request?.headers['webhook-id'], request?.headers['webhook-timestamp']];
  const signed = createHmac('sha256', Buffer.from(SECRET.slice('whsec_'.length), 'base64'));
  signed.update(`${String(id)}.${String(sentAt)}.`).update(request?.body ?? '');
  expect(request?.headers['webhook-signature']).toBe(`v1,${signed.digest('base64')}`);
  expect(receiver.bodies[0]).toMatchObject({ type: 'test', data: { message: 'Test alert', url: `${instance.url}/admin/settings/alerts` } });

  receiver.respondWith(500);
  await tried.getByRole('button', { name: 'Send test' }).click();
  await expect(tried.getByText('The webhook answered 500 Internal Server Error.')).toBeVisible();
  await a11y.expectNoViolations();
  await form.getByRole('checkbox', { name: 'Remove the signing secret' }).check();
  await save(form);
  await expect(form.getByText('Saved.')).toBeVisible();
  await expect(form.getByRole('checkbox')).toHaveCount(0);
  receiver.respondWith(200);
  await tried.getByRole('button', { name: 'Send test' }).click();
  await expect(tried.getByText('Test delivered.')).toBeVisible();
  const requests = await receiver.waitForCount(3);
  expect(requests[2]?.headers['webhook-signature']).toBeUndefined();
  await form.getByLabel('URL').fill('');
  await save(form);
  await expect(form.getByText('Nothing is posted.')).toBeVisible();
  await expect(tried).toHaveCount(0);
  await overheard.expectNothingOf(SECRET);
});

/** A server that greets, knows no STARTTLS, and ends. */
async function plainMailServer(): Promise<{ port: number; heard: string[]; stop: () => void }> {
  const heard: string[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.example ready\r\n');
    socket.on('data', (line) => {
      heard.push(line.toString());
      socket.write('250 mail.example\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, heard, stop: () => server.close() };
}

test('e-mail is set up, tried, and its password never shown', async ({ page, instance, overheard, a11y }) => {
  const mail = await plainMailServer();
  await signIn(page, instance);
  await open(page);
  const form = page.getByRole('form', { name: 'E-mail', exact: true });
  await form.getByRole('textbox', { name: 'Server' }).fill('mail example');
  await form.getByRole('textbox', { name: 'From' }).fill('audit');
  await save(form);
  await expect(form.getByText('Server: a host name or an address')).toBeVisible();
  await expect(form.getByText('From: one e-mail address')).toBeVisible();
  await expect(form.getByText('To: at least one e-mail address')).toBeVisible();
  await a11y.expectNoViolations();

  await form.getByRole('textbox', { name: 'Server' }).fill('127.0.0.1');
  await form.getByRole('textbox', { name: 'Port' }).fill(String(mail.port));
  await form.getByRole('textbox', { name: 'Username' }).fill('audit');
  await form.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await form.getByRole('textbox', { name: 'From' }).fill('audit@example.com');
  await form.getByRole('textbox', { name: 'To', exact: true }).fill('ops@example.com, sec@example.com');
  await form.getByRole('radio', { name: /^None/ }).check();
  await save(form);
  await expect(form.getByText('a password is not sent in clear')).toBeVisible();
  await form.getByRole('radio', { name: /^STARTTLS/ }).check();
  await save(form);
  await expect(form.getByText('Saved.')).toBeVisible();
  await expect(form.getByRole('textbox', { name: 'Password' })).toHaveValue('');
  await expect(form.getByRole('radio', { name: /^STARTTLS/ })).toBeChecked();
  await a11y.expectNoViolations();
  await expect(page.getByRole('region', { name: 'E-mail' })).toMatchAriaSnapshot(`
    - region "E-mail":
      - heading "E-mail" [level=2]
      - form "E-mail":
        - textbox "Server": 127.0.0.1
        - textbox "Port"
        - group "Encryption":
          - radio "STARTTLS (required before anything is sent)" [checked]
          - radio "TLS from the start, as on port 465"
          - radio "None (not possible with a password)"
        - textbox "From": audit@example.com
        - textbox "To": ops@example.com, sec@example.com
        - textbox "Username": audit
        - textbox "Password"
        - button "Save"
      - form "Send test e-mail":
        - button "Send test e-mail"
      - form "Turn off e-mail":
        - button "Turn off e-mail"
  `);

  const tried = page.getByRole('form', { name: 'Send test e-mail' });
  await tried.getByRole('button', { name: 'Send test' }).click();
  await expect(tried.getByText('The e-mail could not be sent')).toBeVisible();
  expect(mail.heard.join('')).not.toContain('AUTH');
  await form.getByRole('textbox', { name: 'Server' }).fill('localhost');
  await save(form);
  await expect(form.getByText('Password: enter it')).toBeVisible();
  await overheard.expectNothingOf(PASSWORD);
  mail.stop();
});
