// Each step list of the documentation's section on Google Cloud Logging destinations, by roles and labels alone.
import type { Locator, Page } from '@playwright/test';

import { expect, type Google, type LogEntry, type ServiceAccount, test } from '../fixtures/cloud.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { add, deleteLast, expand, openAddForm, openStreams, overflow, save, streamItem } from '../fixtures/streams.ts';

const privateKey = (form: Locator): Locator => form.getByRole('textbox', { name: 'Private key' });

/** A part of the key that looks the same wherever it is written. */
function secretOf({ private_key }: ServiceAccount): string {
  const line = private_key.split('\n')[5];
  if (line === undefined || line.length < 40) throw new Error('the key has no such line');
  return line;
}

async function fillAccount(form: Locator, account: ServiceAccount): Promise<void> {
  await form.getByLabel('Project ID').fill(account.project_id);
  await form.getByLabel('Client Email').fill(account.client_email);
  await privateKey(form).fill(account.private_key);
}

async function addCloud(page: Page, account: ServiceAccount): Promise<void> {
  const form = await openAddForm(page, 'Google Cloud Logging');
  await form.getByLabel('Destination Name').fill('Cloud');
  await fillAccount(form, account);
  await form.getByLabel('Log ID').fill('audit-events');
  await add(page);
}

/** Waits until this event is in the log, and answers its entry. */
async function arrived(google: Google, id: string): Promise<LogEntry> {
  const found = async (): Promise<LogEntry[]> => (await google.entries()).filter(({ jsonPayload }) => jsonPayload.id === id);
  await expect.poll(async () => (await found()).length, { timeout: 20_000 }).toBe(1);
  const [entry] = await found();
  if (entry === undefined) throw new Error(`${id} is not there any more`);
  return entry;
}

// `overheard` listens from before the first page on.
test.beforeEach(async ({ overheard, page, instance }) => {
  expect(overheard).toBeDefined();
  await signIn(page, instance);
  // On the left sidebar, at the bottom, select Admin; Monitoring > Audit events; on the main area, the Streams tab.
  await openStreams(page);
});

test('Add a new Google Cloud Logging destination', async ({ page, request, instance, google, a11y, overheard }) => {
  const form = await openAddForm(page, 'Google Cloud Logging');
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  await a11y.expectNoViolations();
  const button = form.getByRole('button', { name: 'Add', exact: true });
  // Everything that is missing is marked at once, and the first of it has the focus.
  await button.click();
  await expect(form.getByText('Correct the 5 marked fields.')).toBeVisible();
  await expect(form.getByText('Project ID can\'t be blank.')).toBeVisible();
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  await form.getByLabel('Name').first().fill('Cloud');
  await fillAccount(form, google.account);
  await expect(form.getByText('Correct the marked field.')).toBeVisible();
  await form.getByLabel('Log ID').fill('audit/events');
  await add(page);
  await overheard.expectNothingOf(secretOf(google.account));

  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"one","event_type":"user_created"}');
  const { logName, insertId } = await arrived(google, 'one');
  expect(logName).toBe(`projects/${google.account.project_id}/logs/audit%2Fevents`);
  expect(insertId).not.toBe('');
  await expect(streamItem(page, 'Cloud').getByText(`projects/${google.account.project_id}/logs/audit/events`)).toBeVisible();
  await expect(streamItem(page, 'Cloud').getByText('Google Cloud Logging')).toBeVisible();
  await expect(streamItem(page, 'Cloud').getByText('Healthy')).toBeVisible();
  await expect(streamItem(page, 'Cloud').getByText('Verification token')).toBeHidden();
});

test('Add: a whole JSON key that is pasted, chosen or dropped fills in the fields', async ({ page, google, a11y }) => {
  const form = await openAddForm(page, 'Google Cloud Logging');
  const expectFilled = async (): Promise<void> => {
    await expect(form.getByText('were filled in from the key')).toBeVisible();
    await expect(form.getByLabel('Project ID')).toHaveValue(google.account.project_id);
    await expect(form.getByLabel('Client Email')).toHaveValue(google.account.client_email);
    await expect(privateKey(form)).toHaveValue(google.account.private_key);
  };
  const clear = async (): Promise<void> => {
    await form.getByLabel('Project ID').fill('');
    await form.getByLabel('Client Email').fill('');
    await privateKey(form).fill('');
    await expect(form.getByText('were filled in from the key')).toBeHidden();
  };

  await privateKey(form).fill(google.keyFile);
  await expectFilled();
  // The same once more: the field shows its own part again.
  await privateKey(form).fill(google.keyFile);
  await expectFilled();
  await a11y.expectNoViolations();
  await clear();

  const file = { name: 'key.json', mimeType: 'application/json', buffer: Buffer.from(google.keyFile) };
  await form.getByLabel('Choose a key file').setInputFiles(file);
  await expectFilled();
  await clear();

  const dataTransfer = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'key.json', { type: 'application/json' }));
    return transfer;
  }, google.keyFile);
  await privateKey(form).dispatchEvent('drop', { dataTransfer });
  await expectFilled();

  await form.getByLabel('Destination Name').fill('Cloud');
  await form.getByLabel('Log ID').fill('audit-events');
  await add(page);
  // The event that tells of the new destination is the first to go there.
  await expect.poll(async () => (await google.entries()).length).toBeGreaterThan(0);
});

test.describe('keys that are none', () => {
  // The browser's own line about the answer that refuses one.
  test.use({ expectedConsole: [/status of 422/] });

  test('Add: a wrong key is refused at its field, and nothing typed is lost', async ({ page, google, a11y }) => {
    const form = await openAddForm(page, 'Google Cloud Logging');
    const button = form.getByRole('button', { name: 'Add', exact: true });
    await form.getByLabel('Destination Name').fill('Cloud');
    await fillAccount(form, { ...google.account, private_key: 'not a key' });
    await form.getByLabel('Log ID').fill('audit-events');
    await expect(form.getByText('Private key must be the private_key of a service account')).toBeVisible();

    await privateKey(form).fill('{"type":"authorized_user","client_id":"x","refresh_token":"y"}');
    await expect(form.getByText('This JSON is not the key of a service account')).toBeVisible();
    await expect(privateKey(form)).toHaveAttribute('aria-invalid', 'true');
    await button.click();
    await expect(privateKey(form)).toBeFocused();
    await a11y.expectNoViolations();

    // It looks like a key, and only the server can tell that it is none.
    await privateKey(form).fill('-----BEGIN PRIVATE KEY-----\nTm90IGEga2V5\n-----END PRIVATE KEY-----');
    await button.click();
    await expect(form.getByText("Private key can't be used")).toBeVisible();
    await expect(privateKey(form)).toHaveAttribute('aria-invalid', 'true');
    await expect(form.getByLabel('Client Email')).toHaveValue(google.account.client_email);

    await privateKey(form).fill(google.account.private_key);
    await add(page);
  });
});

test('List Google Cloud Logging destinations', async ({ page, google, a11y, overheard }) => {
  await addCloud(page, google.account);
  await page.reload();
  // Select the Google Cloud Logging stream to expand and see all the fields.
  const form = await expand(page, 'Cloud');
  await expect(form.getByLabel('Destination Name')).toHaveValue('Cloud');
  await expect(form.getByLabel('Project ID')).toHaveValue(google.account.project_id);
  await expect(form.getByLabel('Client Email')).toHaveValue(google.account.client_email);
  await expect(form.getByLabel('Log ID')).toHaveValue('audit-events');
  await expect(form.getByRole('button', { name: 'Add a new private key' })).toBeEnabled();
  await expect(privateKey(form)).toHaveCount(0);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('No changes to save.')).toBeVisible();
  await expect(streamItem(page, 'Cloud').getByText('Healthy')).toBeVisible();
  await a11y.expectNoViolations();
  await expect(streamItem(page, 'Cloud')).toMatchAriaSnapshot({ name: 'google-destination.aria.yml' });
  await overheard.expectNothingOf(secretOf(google.account));
});

test('Update a Google Cloud Logging destination', async ({ page, request, instance, google, a11y, overheard }) => {
  const { account } = google;
  const wrong = 'another-project';
  await addCloud(page, { ...account, project_id: wrong, client_email: `nobody@${wrong}.iam.gserviceaccount.com` });
  const form = await expand(page, 'Cloud');
  await form.getByLabel('Destination Name').fill('Cloud two');
  await form.getByLabel('Project ID').fill(account.project_id);
  await form.getByLabel('Client Email').fill(account.client_email);
  await form.getByLabel('Log ID').fill('audit-two');

  const replace = form.getByRole('button', { name: 'Add a new private key' });
  await replace.click();
  await expect(privateKey(form)).toBeFocused();
  await expect(privateKey(form)).toHaveValue('');
  await expect(replace).toBeDisabled();
  await a11y.expectNoViolations();
  // The one beside the button; the other one is that of the form.
  await form.getByRole('button', { name: 'Cancel' }).first().click();
  await expect(privateKey(form)).toHaveCount(0);
  await expect(replace).toBeFocused();
  await replace.click();
  // As it stands in the file: line breaks written as \n.
  await privateKey(form).fill(account.private_key.replaceAll('\n', '\\n'));
  await save(page);
  await expect(page.getByRole('form', { name: 'Settings of Cloud two' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a new private key' })).toBeEnabled();
  await overheard.expectNothingOf(secretOf(account));

  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"after","event_type":"user_created"}');
  expect((await arrived(google, 'after')).logName).toBe(`projects/${account.project_id}/logs/audit-two`);
});

test('Update event filters of a Google Cloud Logging destination', async ({ page, request, instance, google }) => {
  await addCloud(page, google.account);
  const form = await expand(page, 'Cloud');
  await form.getByRole('button', { name: 'Filter by audit event type' }).click();
  await form.getByRole('combobox', { name: 'Search' }).fill('user cre');
  await expect(form.getByRole('option', { name: /^User created/ })).toBeVisible();
  await form.getByRole('combobox', { name: 'Search' }).press('Enter');
  await form.getByRole('combobox', { name: 'Search' }).press('Escape');
  await save(page);
  await expect(streamItem(page, 'Cloud').getByRole('button', { name: 'filtered' })).toBeVisible();
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '[{"id":"no","event_type":"add_gpg_key"},{"id":"yes","event_type":"user_created"}]');
  await arrived(google, 'yes');
  expect((await google.entries()).some(({ jsonPayload }) => jsonPayload.id === 'no')).toBe(false);
});

test('Delete a Google Cloud Logging streaming destination', async ({ page, google }) => {
  await addCloud(page, google.account);
  await expand(page, 'Cloud');
  await deleteLast(page, 'Cloud');
});

test.describe('dark, 320 wide', () => {
  test.use({ colorScheme: 'dark', viewport: { width: 320, height: 700 } });

  test('the forms are accessible and fit', async ({ page, google, a11y }) => {
    const form = await openAddForm(page, 'Google Cloud Logging');
    await privateKey(form).fill(google.keyFile);
    await a11y.expectNoViolations();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await form.getByLabel('Destination Name').fill('Cloud');
    await form.getByLabel('Log ID').fill('audit-events');
    await add(page);
    await expand(page, 'Cloud');
    await page.getByRole('button', { name: 'Add a new private key' }).click();
    await a11y.expectNoViolations();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });
});
