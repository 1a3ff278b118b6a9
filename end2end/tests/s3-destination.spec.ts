// Each step list of the documentation's section on AWS S3 destinations, by roles and labels alone.
import type { Locator, Page } from '@playwright/test';

import { expect, S3, type StoredObject, test } from '../fixtures/cloud.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { add, deleteLast, expand, openAddForm, openStreams, overflow, save, streamItem } from '../fixtures/streams.ts';

const WRONG_SECRET = 'Wr0ngSecretAccessKey+Wr0ngSecretAccessKey';

const secretAccessKey = (form: Locator): Locator => form.getByLabel('Secret Access Key', { exact: true });

interface Values {
  bucket?: string;
  secret?: string;
  prefix?: string;
}

async function addArchive(page: Page, s3: S3, { bucket = S3.bucket, secret = S3.secretAccessKey, prefix = '' }: Values = {}): Promise<void> {
  const form = await openAddForm(page, 'AWS S3');
  await form.getByLabel('Destination Name').fill('Archive');
  await form.getByLabel('Access Key ID').fill(S3.accessKeyId);
  await form.getByLabel('AWS Region').fill('us-east-1');
  await form.getByLabel('Bucket Name').fill(bucket);
  await secretAccessKey(form).fill(secret);
  await form.getByLabel('Endpoint URL').fill(s3.url);
  await form.getByLabel('Key prefix').fill(prefix);
  await add(page);
}

/** Waits until this event is in the bucket, and answers the object that holds it. */
async function arrived(s3: S3, id: string): Promise<StoredObject> {
  const found = async (): Promise<StoredObject[]> => (await s3.objects()).filter(({ text }) => text.includes(`"id":"${id}"`));
  await expect.poll(async () => (await found()).length, { timeout: 20_000 }).toBe(1);
  const [object] = await found();
  if (object === undefined) throw new Error(`${id} is not there any more`);
  return object;
}

// `overheard` listens from before the first page on.
test.beforeEach(async ({ overheard, page, instance }) => {
  expect(overheard).toBeDefined();
  await signIn(page, instance);
  // On the left sidebar, at the bottom, select Admin; Monitoring > Audit events; on the main area, the Streams tab.
  await openStreams(page);
});

test('Add a new AWS S3 destination', async ({ page, request, instance, s3, a11y, overheard }) => {
  const form = await openAddForm(page, 'AWS S3');
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  await expect(form.getByRole('radio', { name: 'Batches of JSON Lines, gzip' })).toBeChecked();
  await a11y.expectNoViolations();
  const button = form.getByRole('button', { name: 'Add', exact: true });
  await form.getByLabel('Name').first().fill('Archive');
  await form.getByLabel('Access Key ID').fill(S3.accessKeyId);
  await secretAccessKey(form).fill(S3.secretAccessKey);
  await form.getByLabel('Bucket Name').fill(S3.bucket);
  await button.click();
  await expect(form.getByLabel('AWS Region')).toBeFocused();
  await form.getByLabel('AWS Region').fill('us-east-1');
  await form.getByLabel('Endpoint URL').fill(s3.url);
  await expect(form.getByText('HTTP is not encrypted: events can be read in transit.')).toBeVisible();
  await form.getByLabel('Key prefix').fill('audit/eu');
  await add(page);
  await overheard.expectNothingOf(S3.secretAccessKey);

  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '[{"id":"one","event_type":"user_created"},{"id":"two","event_type":"user_created"}]');
  const { key, text } = await arrived(s3, 'one');
  expect(key).toMatch(/^audit\/eu\/.*\.gz$/);
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { id: unknown });
  expect(lines.some(({ id }) => id === 'one')).toBe(true);
  await arrived(s3, 'two');
  const item = streamItem(page, 'Archive');
  await expect(item.getByText(`s3://${S3.bucket}/audit/eu · ${new URL(s3.url).host}`)).toBeVisible();
  await expect(item.getByText('AWS S3', { exact: true })).toBeVisible();
  await expect(item.getByText('Healthy')).toBeVisible();
  await expect(item.getByText('Verification token')).toBeHidden();
});

test('Add: what is wrong is told at its field', async ({ page, a11y }) => {
  const form = await openAddForm(page, 'AWS S3');
  for (const [label, text, message] of [
    ['Access Key ID', 'AKIA', 'Access Key ID is too short (minimum is 16 characters), for example AKIAIOSFODNN7EXAMPLE.'],
    ['AWS Region', 'US East', 'AWS Region must be a valid region code, for example us-east-1.'],
    ['Bucket Name', 'My Bucket', 'Bucket Name must have 1 to 63 lowercase letters, digits, hyphens or periods'],
    ['Secret Access Key', 'two words', 'Secret Access Key must only contain letters, digits and ASCII punctuation.'],
    ['Endpoint URL', 'minio', 'Endpoint URL must be a valid URL, for example https://minio.example.com:9000.'],
    ['Key prefix', '/a', 'Key prefix must only contain'],
  ] as const) {
    const field = form.getByLabel(label, { exact: true });
    await field.fill(text);
    await field.blur();
    await expect(form.getByText(message)).toBeVisible();
    await expect(field).toHaveAttribute('aria-invalid', 'true');
  }
  // Where an endpoint URL is given, a key need not look like one of Amazon's.
  await expect(form.getByLabel('Access Key ID', { exact: true })).not.toHaveAttribute('aria-invalid');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(form.getByText('Correct the 6 marked fields.')).toBeVisible();
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  await a11y.expectNoViolations();
});

test('List AWS S3 destinations', async ({ page, s3, a11y, overheard }) => {
  await addArchive(page, s3, { prefix: 'audit' });
  await expect(streamItem(page, 'Archive').getByText('Healthy')).toBeVisible();
  await page.reload();
  // Select the AWS S3 stream to expand and see all the fields.
  const form = await expand(page, 'Archive');
  await expect(form.getByLabel('Destination Name')).toHaveValue('Archive');
  await expect(form.getByLabel('Access Key ID')).toHaveValue(S3.accessKeyId);
  await expect(form.getByLabel('AWS Region')).toHaveValue('us-east-1');
  await expect(form.getByLabel('Bucket Name')).toHaveValue(S3.bucket);
  await expect(form.getByLabel('Endpoint URL')).toHaveValue(s3.url);
  await expect(form.getByLabel('Key prefix')).toHaveValue('audit');
  await expect(form.getByRole('radio', { name: 'Batches of JSON Lines, gzip' })).toBeChecked();
  await expect(form.getByRole('button', { name: 'Add a new Secret Access Key' })).toBeEnabled();
  await expect(secretAccessKey(form)).toHaveCount(0);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('No changes to save.')).toBeVisible();
  await a11y.expectNoViolations();
  await expect(streamItem(page, 'Archive')).toMatchAriaSnapshot({ name: 's3-destination.aria.yml' });
  await overheard.expectNothingOf(S3.secretAccessKey);
});

test('Update an AWS S3 destination', async ({ page, request, instance, s3, a11y, overheard }) => {
  await addArchive(page, s3, { bucket: 'elsewhere', secret: WRONG_SECRET });
  // Written by the browser, second by second.
  await expect(streamItem(page, 'Archive')).toContainText(/next try in \d+\ss/, { timeout: 20_000 });
  const form = await expand(page, 'Archive');
  await form.getByLabel('Destination Name').fill('Archive two');
  await form.getByLabel('Access Key ID').fill(S3.accessKeyId);
  await form.getByLabel('Bucket Name').fill(S3.bucket);
  await form.getByLabel('AWS Region').fill('eu-central-1');

  const replace = form.getByRole('button', { name: 'Add a new Secret Access Key' });
  await replace.click();
  await expect(secretAccessKey(form)).toBeFocused();
  await expect(secretAccessKey(form)).toHaveValue('');
  await expect(replace).toBeDisabled();
  await a11y.expectNoViolations();
  // The one beside the button; the other one is that of the form.
  await form.getByRole('button', { name: 'Cancel' }).first().click();
  await expect(secretAccessKey(form)).toHaveCount(0);
  await expect(replace).toBeFocused();
  await replace.click();
  await secretAccessKey(form).fill(S3.secretAccessKey);
  await form.getByRole('radio', { name: 'One object per event' }).check();
  await save(page);
  await expect(page.getByRole('form', { name: 'Settings of Archive two' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a new Secret Access Key' })).toBeEnabled();
  await overheard.expectNothingOf(S3.secretAccessKey);
  await overheard.expectNothingOf(WRONG_SECRET);

  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"after","event_type":"user_created"}');
  const { key, text } = await arrived(s3, 'after');
  expect(key).toMatch(/user_created_app_after_.*\.json$/);
  expect(JSON.parse(text)).toMatchObject({ id: 'after', event_type: 'user_created' });
});

test('Delete an AWS S3 streaming destination', async ({ page, s3 }) => {
  await addArchive(page, s3);
  await expand(page, 'Archive');
  await deleteLast(page, 'Archive');
});

test.describe('dark, 320 wide', () => {
  test.use({ colorScheme: 'dark', viewport: { width: 320, height: 700 } });

  test('the forms are accessible and fit', async ({ page, s3, a11y }) => {
    await openAddForm(page, 'AWS S3');
    await a11y.expectNoViolations();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.getByRole('form').getByRole('button', { name: 'Cancel' }).click();
    await addArchive(page, s3);
    const form = await expand(page, 'Archive');
    await form.getByRole('button', { name: 'Add a new Secret Access Key' }).click();
    await a11y.expectNoViolations();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });
});
