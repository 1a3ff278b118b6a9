// Hostile text in every field, on every page: it is shown as it is, and nothing of it runs.
import { expect, test as base } from '../fixtures/cloud.ts';
import { ADDRESS, Alarm, HOSTILE, HOSTILE_HTTP, HOSTILE_S3, HOSTILE_TLS, poison, RESPONSE, SecureServer } from '../fixtures/hostile.ts';
import { PLACES, type Place } from '../fixtures/places.ts';
import { populate } from '../fixtures/populated.ts';
import { signIn } from '../fixtures/sign-in.ts';

const test = base.extend<{ secure: SecureServer }>({
  secure: async ({}, use) => {
    const secure = await SecureServer.start();
    try {
      await use(secure);
    } finally {
      await secure.stop();
    }
  },
});

const LOG = '/admin/audit_logs?tab=log';
const STREAMS = '/admin/audit_logs?tab=streams';

const encoded = encodeURIComponent(HOSTILE);

const hostileForm: Place['open'] = async (page) =>
  expect(page.getByRole('form', { name: `Settings of ${HOSTILE}` }).getByLabel('Destination Name')).toHaveValue(HOSTILE);

/** Places that only hostile content has, and addresses that are hostile themselves. */
const MORE: Place[] = [
  { name: 'hostile-settings', address: `${STREAMS}&stream=${HOSTILE_HTTP.id}&view=settings`, open: hostileForm },
  {
    name: 'hostile-activity',
    address: `${STREAMS}&stream=${HOSTILE_HTTP.id}&view=activity`,
    // The response of the receiver, and not only the destination's name.
    open: async (page) => expect(page.getByText(RESPONSE).first()).toBeVisible(),
  },
  { name: 'hostile-s3-settings', address: `${STREAMS}&stream=${HOSTILE_S3.id}&view=settings` },
  { name: 'hostile-s3-activity', address: `${STREAMS}&stream=${HOSTILE_S3.id}&view=activity` },
  {
    name: 'hostile-test-event',
    address: `${STREAMS}&stream=${HOSTILE_HTTP.id}&view=settings`,
    open: async (page) => {
      await page.getByRole('form', { name: `Settings of ${HOSTILE}` }).getByRole('button', { name: 'Send test event' }).click();
      await expect(page.getByRole('dialog')).toContainText('<img src=x onerror=hacked()>');
    },
  },
  {
    name: 'hostile-certificate',
    address: `${STREAMS}&stream=${HOSTILE_TLS.id}&view=settings`,
    open: async (page) => {
      const form = page.getByRole('form', { name: `Settings of ${HOSTILE_TLS.name}` });
      await form.getByRole('button', { name: 'Send test event' }).click();
      await expect(page.getByRole('dialog')).toContainText(String.raw`\<script\>hacked()`);
    },
  },
  {
    name: 'hostile-add-form',
    address: '/admin/settings/network',
    open: async (page) => {
      await page.getByLabel('Allowlist').fill(HOSTILE);
      await page.getByRole('button', { name: 'Save' }).click();
      // The message quotes what was typed.
      await expect(page.getByText('must be a host name').first()).toContainText('<script>');
    },
  },
  { name: 'by-text', address: `${LOG}&text=${encoded}` },
  ...['author_name', 'author_id', 'event_type', 'entity_type', 'entity_id', 'entity_path', 'target', 'ip_address', 'id', 'created_after', 'event', 'before'].map(
    (name): Place => ({ name: `by-${name}`, address: `${LOG}&${name}=${encoded}` }),
  ),
  { name: 'hostile-tab', address: `/admin/audit_logs?tab=${encoded}` },
  { name: 'hostile-stream', address: `${STREAMS}&stream=${encoded}&view=${encoded}` },
  { name: 'hostile-path', address: `/nowhere/${encoded}` },
  { name: 'hostile-help', address: `/help?${encoded}#${encoded}` },
];

/** Where the text must be seen. */
const SHOWN = ['log-day', 'log-event', 'streams', 'tokens'];

test.use({ viewport: { width: 1440, height: 900 }, expectedConsole: [/status of 4\d\d/] });

test('hostile text is shown on every page and runs on none', async ({ context, page, request, instance, receiver, google, secure }) => {
  test.setTimeout(600_000);
  const alarm = await Alarm.in(context, instance.url);
  for (const target of [HOSTILE, ADDRESS, `//evil.example/${HOSTILE}`]) {
    await page.goto(`/sign_in?return_to=${encodeURIComponent(target)}`);
    await alarm.expectSilent(page, 'the sign-in page');
  }
  await signIn(page, instance);
  await populate({ page, request, instance, receiver, account: google.account });
  await poison({ page, request, instance, receiver, secure });
  for (const { name, address, open } of [...PLACES, ...MORE]) {
    await test.step(name, async () => {
      await page.goto(address);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await open?.(page);
      if (SHOWN.includes(name)) {
        await expect(page.getByText(HOSTILE).filter({ visible: true }).first()).toBeVisible();
      }
      await alarm.expectSilent(page, name);
    });
  }
});

test('an address elsewhere leads nowhere after signing in', async ({ context, page, instance }) => {
  const alarm = await Alarm.in(context, instance.url);
  for (const target of [ADDRESS, '//evil.example', String.raw`/\evil.example`, 'https://evil.example']) {
    await test.step(target, async () => {
      await context.clearCookies();
      await page.goto(`/sign_in?return_to=${encodeURIComponent(target)}`);
      await page.getByLabel('Username').fill(instance.username);
      await page.getByLabel('Password').fill(instance.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page).toHaveURL(`${instance.url}/`);
      await alarm.expectSilent(page, 'the first page');
    });
  }
});
