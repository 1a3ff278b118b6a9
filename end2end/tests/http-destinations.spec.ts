// Each step list of the documentation's section on HTTP destinations, under its heading, by roles and labels alone.
import type { Locator } from '@playwright/test';

import { postEvents } from '../fixtures/ingest.ts';
import type { Received } from '../fixtures/receiver.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, expand, openStreams, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

const about = (id: string) => (requests: readonly Received[]) =>
  requests.some(({ headers }) => headers['webhook-id'] === `app:${id}`);

function sent(requests: readonly Received[], id: string): Received {
  const found = requests.find(({ headers }) => headers['webhook-id'] === `app:${id}`);
  if (found === undefined) throw new Error(`${id} was not sent`);
  return found;
}

async function fillHeader(form: Locator, name: string, value: string): Promise<Locator> {
  await form.getByRole('button', { name: 'Add header' }).click();
  const row = form.getByRole('table', { name: 'Custom HTTP headers' }).getByRole('row').last();
  await row.getByRole('textbox', { name: 'Header' }).fill(name);
  await row.getByRole('textbox', { name: 'Value' }).fill(value);
  return row;
}

async function save(form: Locator): Promise<void> {
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Stream updated successfully')).toBeVisible();
}

test.beforeEach(async ({ page, instance }) => {
  await signIn(page, instance);
  // On the left sidebar, at the bottom, select Admin; Monitoring > Audit events; on the main area, the Streams tab.
  await openStreams(page);
});

test('Add a new HTTP destination', async ({ page, request, instance, receiver, a11y }) => {
  await page.getByRole('button', { name: 'Add streaming destination' }).click();
  await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
  const form = page.getByRole('form', { name: 'Add streaming destination' });
  await expect(form.getByText('Destinations receive all audit event data')).toBeVisible();
  await expect(form.getByText('No header created yet.')).toBeVisible();
  await form.getByLabel('Name', { exact: false }).first().fill('SIEM');
  await form.getByLabel('Destination URL').fill(receiver.url);
  await fillHeader(form, 'X-Team', 'sre');
  const off = await fillHeader(form, 'X-Off', 'hidden');
  await expect(off.getByRole('checkbox', { name: 'Active' })).toBeChecked();
  await off.getByRole('checkbox', { name: 'Active' }).uncheck();
  await a11y.expectNoViolations();
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('Stream added successfully')).toBeVisible();

  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"one","event_type":"user_created"}');
  await receiver.waitFor(about('one'), 'the event');
  const { headers } = sent(receiver.requests, 'one');
  expect(headers['x-team']).toBe('sre');
  expect(headers).not.toHaveProperty('x-off');
});

test('Add a new HTTP destination: up to 20 headers, each name once', async ({ page, a11y }) => {
  await page.getByRole('button', { name: 'Add streaming destination' }).click();
  await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
  const form = page.getByRole('form', { name: 'Add streaming destination' });
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill('https://siem.example/in');
  const add = form.getByRole('button', { name: 'Add', exact: true });
  await expect(add).toBeEnabled();

  const row = await fillHeader(form, 'X-Team', '');
  await add.click();
  await expect(form.getByText('Value can\'t be blank.')).toBeVisible();
  await expect(row.getByRole('textbox', { name: 'Value' })).toBeFocused();
  await row.getByRole('textbox', { name: 'Value' }).fill('sre');
  const twin = await fillHeader(form, 'x-team', 'other');
  await expect(form.getByText('A header with this name already exists.')).toBeVisible();
  await twin.getByRole('textbox', { name: 'Header' }).fill('X-Gitlab-Event-Streaming-Token');
  await expect(form.getByText('Header cannot be X-Gitlab-Event-Streaming-Token.')).toBeVisible();
  await a11y.expectNoViolations();
  await twin.getByRole('textbox', { name: 'Header' }).fill('X-Other');
  await expect(add).toBeEnabled();

  for (let number = 3; number <= 20; number += 1) await fillHeader(form, `X-${number}`, 'v');
  await expect(form.getByText('Maximum of 20 HTTP headers has been reached.')).toBeVisible();
  await expect(form.getByRole('button', { name: 'Add header' })).toBeHidden();
  await expect(add).toBeEnabled();
});

test('List HTTP destinations', async ({ page, receiver, a11y }) => {
  await addHttpDestination(page, 'SIEM', receiver.url, 'verification-token-12345');
  const form = await expand(page, 'SIEM');
  await fillHeader(form, 'X-Team', 'sre');
  await save(form);
  await page.reload();

  // The address names the destination that is open.
  const headers = form.getByRole('table', { name: 'Custom HTTP headers' });
  await expect(headers.getByRole('textbox', { name: 'Header' })).toHaveValue('X-Team');
  // The value came with nothing; it is fetched when somebody asks to see it.
  await expect(headers.getByRole('textbox', { name: 'Value' })).toHaveValue('');
  expect(await page.content()).not.toContain('sre');
  await headers.getByRole('button', { name: 'Reveal value' }).click();
  await expect(headers.getByRole('textbox', { name: 'Value' })).toHaveValue('sre');
  await a11y.expectNoViolations();
  await expect(streamItem(page, 'SIEM')).toMatchAriaSnapshot({ name: 'http-destination.aria.yml' });
});

test("Update an HTTP destination: the destination's name", async ({ page, receiver }) => {
  await addHttpDestination(page, 'Frist', receiver.url);
  const form = await expand(page, 'Frist');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('No changes to save.')).toBeVisible();
  await form.getByLabel('Name', { exact: false }).first().fill('First');
  await page.getByRole('form', { name: 'Settings of Frist' }).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Stream updated successfully')).toBeVisible();
  await expect(streamItem(page, 'First').getByRole('button', { name: 'First', expanded: true })).toBeVisible();
});

test("Update an HTTP destination: the destination's custom HTTP headers", async ({ page, request, instance, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const form = await expand(page, 'SIEM');
  const first = await fillHeader(form, 'X-Team', 'sre');
  await first.getByRole('checkbox', { name: 'Active' }).uncheck();
  await save(form);

  await first.getByRole('checkbox', { name: 'Active' }).check();
  await fillHeader(form, 'X-Env', 'prod');
  await save(form);
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"one","event_type":"user_created"}');
  await receiver.waitFor(about('one'), 'the event');
  const { headers } = sent(receiver.requests, 'one');
  expect([headers['x-team'], headers['x-env']]).toEqual(['sre', 'prod']);
});

test('Delete an HTTP destination', async ({ page, receiver, a11y }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  await expand(page, 'SIEM');
  await streamItem(page, 'SIEM').getByRole('button', { name: 'Delete destination' }).click();
  const dialog = page.getByRole('dialog', { name: 'Are you sure about deleting this destination?' });
  await a11y.expectNoViolations();
  await dialog.getByRole('button', { name: 'Delete destination' }).click();
  // The last one is gone: streaming is disabled for the instance.
  await expect(page.getByRole('heading', { name: 'Setup streaming for audit events' })).toBeVisible();
});

test('Delete only the custom HTTP headers for a streaming destination', async ({ page, request, instance, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const form = await expand(page, 'SIEM');
  await fillHeader(form, 'X-Team', 'sre');
  await save(form);
  await page.reload();

  await streamItem(page, 'SIEM').getByRole('button', { name: 'Edit' }).click();
  await expect(form.getByLabel('Destination Name')).toBeFocused();
  const row = form.getByRole('table', { name: 'Custom HTTP headers' }).getByRole('row').last();
  await row.getByRole('button', { name: 'Delete' }).click();
  await save(form);
  await expect(form.getByText('No header created yet.')).toBeVisible();
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"one","event_type":"user_created"}');
  await receiver.waitFor(about('one'), 'the event');
  expect(sent(receiver.requests, 'one').headers).not.toHaveProperty('x-team');
});

test('Verify event authenticity', async ({ page, receiver, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await addHttpDestination(page, 'SIEM', receiver.url);
  await receiver.waitFor((requests) => requests.length > 0, 'the first event');
  const token = String(receiver.requests[0]?.headers['x-gitlab-event-streaming-token']);
  const item = streamItem(page, 'SIEM');
  await expect(item.getByText('Verification token')).toBeVisible();
  await item.getByRole('button', { name: 'Copy verification token' }).first().click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(token);
});

test('Rotate the token or the signing secret', async ({ page, request, instance, receiver, a11y }) => {
  await addHttpDestination(page, 'SIEM', receiver.url, 'verification-token-12345');
  const app = await instance.createToken('app', 'ingest');
  const send = async (id: string) => {
    await postEvents(request, instance, app, `{"id":"${id}","event_type":"user_created"}`);
    await receiver.waitFor(about(id), id);
    return sent(receiver.requests, id).headers;
  };
  const form = await expand(page, 'SIEM');
  // What is typed is kept.
  await form.getByLabel('Destination Name').fill('Renamed');
  for (const secret of ['verification token', 'signing secret']) {
    await form.getByRole('button', { name: `Rotate ${secret}` }).click();
    const dialog = page.getByRole('dialog', { name: `Rotate the ${secret}?` });
    await a11y.expectNoViolations();
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await expect(dialog).toBeHidden();
    const end = form.getByRole('button', { name: `End now: ${secret}` });
    await expect(end).toBeVisible();
    await expect(end).toBeFocused();
    await expect(form.getByRole('button', { name: `Rotate ${secret}` })).toBeHidden();
  }
  const token = await form.getByRole('textbox', { name: 'Verification token' }).inputValue();
  expect(token).not.toBe('verification-token-12345');
  await expect(form.getByRole('textbox', { name: 'Signing secret' })).toHaveValue(/^whsec_[A-Za-z0-9+/]+=*$/);
  await expect(form.getByRole('button', { name: 'Copy signing secret' })).toBeVisible();
  await a11y.expectNoViolations();
  const during = await send('during');
  expect(during['x-gitlab-event-streaming-token']).toBe('verification-token-12345');
  expect(String(during['webhook-signature']).split(' ')).toHaveLength(2);

  for (const secret of ['verification token', 'signing secret']) {
    await form.getByRole('button', { name: `End now: ${secret}` }).click();
    const dialog = page.getByRole('dialog', { name: `End the rotation of the ${secret} now?` });
    await dialog.getByRole('button', { name: 'End now' }).click();
    await expect(form.getByRole('button', { name: `End now: ${secret}` })).toBeHidden();
  }
  const after = await send('after');
  expect(after['x-gitlab-event-streaming-token']).toBe(token);
  expect(String(after['webhook-signature']).split(' ')).toHaveLength(1);

  await expect(form.getByLabel('Destination Name')).toHaveValue('Renamed');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Stream updated successfully')).toBeVisible();
});

test('Update event filters', async ({ page, request, instance, receiver, a11y }) => {
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '[{"event_type":"user_created"},{"event_type":"our_own_type"}]');
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  await expect(item.getByRole('button', { name: 'filtered' })).toBeHidden();
  const form = await expand(page, 'SIEM');

  const dropdown = form.getByRole('button', { name: 'Filter by audit event type' });
  await expect(dropdown).toHaveText('Select events');
  await dropdown.click();
  const search = form.getByRole('combobox', { name: 'Search' });
  await expect(search).toBeFocused();
  await expect(form.getByRole('group', { name: 'Seen on this instance' }).getByRole('option', { name: /^Our own type/ })).toBeVisible();
  await search.fill('nothing like it');
  await expect(form.getByText('No results found')).toBeVisible();
  await expect(form.getByRole('listbox')).toBeHidden();
  await a11y.expectNoViolations();
  await search.fill('user cre');
  await a11y.expectNoViolations();
  await search.press('Enter');
  await expect(form.getByRole('option', { name: /^User created/ })).toHaveAttribute('aria-selected', 'true');
  await expect(form.getByText('Matches 1 of')).toBeVisible();
  await search.fill('');
  // A long list is rendered in parts.
  const options = form.getByRole('option');
  const first = await options.count();
  await options.last().scrollIntoViewIfNeeded();
  await expect.poll(() => options.count()).toBeGreaterThan(first);
  await search.fill('gpg');
  await form.getByRole('option', { name: /^Add GPG key/ }).click();
  await expect(form.getByText('2 selected')).toBeVisible();
  await search.press('Escape');
  await expect(dropdown).toHaveText('Add GPG key, User created');
  await expect(dropdown).toBeFocused();
  await save(form);

  // The label, its words, and where they lead.
  await item.getByRole('button', { name: 'filtered' }).click();
  await expect(item.getByText('Destination has filters applied.')).toBeVisible();
  await expect(item.getByRole('link', { name: 'What are filters?' })).toHaveAttribute('href', '/help#event-filters');
  await a11y.expectNoViolations();
  await page.keyboard.press('Escape');

  await postEvents(request, instance, token, '[{"id":"no","event_type":"our_own_type"},{"id":"yes","event_type":"user_created"}]');
  await receiver.waitFor(about('yes'), 'what is admitted');

  // The chosen stand first; clearing them all admits everything again.
  await dropdown.click();
  await expect(form.getByRole('listbox').getByRole('group').first()).toHaveAccessibleName('Selected');
  await form.getByRole('button', { name: 'Select all', exact: true }).click();
  await expect(dropdown).toContainText('more');
  await form.getByRole('button', { name: 'Unselect all' }).click();
  await search.press('Escape');
  await save(form);
  await expect(item.getByRole('button', { name: 'filtered' })).toBeHidden();
  await postEvents(request, instance, token, '{"id":"again","event_type":"our_own_type"}');
  await receiver.waitFor(about('again'), 'everything again');
  expect(receiver.requests.some(({ headers }) => headers['webhook-id'] === 'app:no')).toBe(false);
});

test('Enter chooses what was typed last, also before the list shows it', async ({ page, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const form = await expand(page, 'SIEM');
  const dropdown = form.getByRole('button', { name: 'Filter by audit event type' });
  await dropdown.click();
  const search = form.getByRole('combobox', { name: 'Search' });
  await expect(form.getByRole('listbox').getByRole('option').first()).toBeVisible();
  // Both before the next frame.
  await search.evaluate((field: HTMLInputElement) => {
    field.value = 'add_gpg_key';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  });
  await expect(form.getByRole('option', { name: /^Add GPG key/, selected: true })).toBeVisible();
  await expect(dropdown).toHaveText('Add GPG key');
  // What is typed right before the list closes is not there when it opens again.
  await search.evaluate((field: HTMLInputElement) => {
    field.value = 'nothing like it';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  });
  await expect(dropdown).toBeFocused();
  await dropdown.click();
  await expect(form.getByRole('option', { name: /^Add GPG key/ })).toBeVisible();
});

test('Update event filters: all except these event types', async ({ page, request, instance, receiver, a11y }) => {
  const token = await instance.createToken('app', 'ingest');
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  const form = await expand(page, 'SIEM');
  await expect(form.getByRole('radio', { name: 'Only these event types' })).toBeChecked();
  await form.getByRole('radio', { name: 'All except these event types' }).check();
  await expect(form.getByText('No filter: every event is sent.')).toBeVisible();
  await form.getByRole('button', { name: 'Filter by audit event type' }).click();
  const search = form.getByRole('combobox', { name: 'Search' });
  await search.fill('user cre');
  await search.press('Enter');
  await search.press('Escape');
  await expect(form.getByText('Every event is sent, also of types that are added later, except events of these types.')).toBeVisible();
  await a11y.expectNoViolations();
  await save(form);
  await expect(item.getByRole('button', { name: 'filtered' })).toBeVisible();
  await expect(form.getByRole('radio', { name: 'All except these event types' })).toBeChecked();

  const event = (id: string, type: string) => ({ id, event_type: type, entity_type: 'Project', entity_id: 1 });
  const events = [event('no', 'user_created'), event('yes', 'our_own_type')];
  await postEvents(request, instance, token, JSON.stringify(events));
  await receiver.waitFor(about('yes'), 'what is not denied');
  expect(receiver.requests.some(({ headers }) => headers['webhook-id'] === 'app:no')).toBe(false);

  await form.getByRole('radio', { name: 'Only these event types' }).check();
  await save(form);
  const others = [event('not', 'our_own_type'), event('now', 'user_created')];
  await postEvents(request, instance, token, JSON.stringify(others));
  await receiver.waitFor(about('now'), 'what is allowed');
  expect(receiver.requests.some(({ headers }) => headers['webhook-id'] === 'app:not')).toBe(false);
});

test('Update event filters: groups or projects', async ({ page, request, instance, receiver, a11y }) => {
  const token = await instance.createToken('app', 'ingest');
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  const form = await expand(page, 'SIEM');
  const field = form.getByLabel('Filter by groups or projects');
  await field.fill('engineering//web');
  await field.blur();
  await expect(form.getByText(/^Path is invalid: write the full path/)).toBeVisible();
  await a11y.expectNoViolations();
  await field.fill('sales/crm, engineering');
  await save(form);
  await expect(item.getByRole('button', { name: 'filtered' })).toBeVisible();
  await expect(field).toHaveValue('engineering, sales/crm');

  const event = (id: string, path: string) => ({ id, event_type: 'user_created', entity_type: 'Group', entity_id: 1, entity_path: path });
  const events = [event('no', 'finance'), event('yes', 'engineering/web')];
  await postEvents(request, instance, token, JSON.stringify(events));
  await receiver.waitFor(about('yes'), 'what is admitted');
  await field.fill('');
  await save(form);
  await expect(item.getByRole('button', { name: 'filtered' })).toBeHidden();
  await postEvents(request, instance, token, JSON.stringify(event('again', 'finance')));
  await receiver.waitFor(about('again'), 'everything again');
  expect(receiver.requests.some(({ headers }) => headers['webhook-id'] === 'app:no')).toBe(false);
});

test('the list of event types takes what is typed while it loads, and closes when something else is pressed', async ({ page, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const form = await expand(page, 'SIEM');
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/api/page/destinations/event_types*', async (route) => {
    await held;
    await route.continue();
  });
  const dropdown = form.getByRole('button', { name: 'Filter by audit event type' });
  await expect(dropdown).toHaveAttribute('aria-haspopup', 'dialog');
  await dropdown.click();
  await expect(form.getByText('Loading…')).toBeVisible();
  await form.getByRole('combobox', { name: 'Search' }).fill('gpg');
  letGo();
  const dialog = form.getByRole('dialog', { name: 'Select events' });
  await expect(dialog.getByRole('option').first()).toContainText('gpg');
  await expect(dialog.getByRole('option', { name: /^User created/ })).toHaveCount(0);
  await expect(form.getByRole('combobox', { name: 'Search' })).toBeFocused();
  await page.getByRole('heading', { level: 1 }).click();
  await expect(dialog).toBeHidden();
});

test('Override default content type header', async ({ page, request, instance, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const token = await instance.createToken('app', 'ingest');
  await postEvents(request, instance, token, '{"id":"before","event_type":"user_created"}');
  await receiver.waitFor(about('before'), 'the first event');
  const form = await expand(page, 'SIEM');
  await fillHeader(form, 'Content-Type', 'application/json');
  await save(form);
  await postEvents(request, instance, token, '{"id":"after","event_type":"user_created"}');
  await receiver.waitFor(about('after'), 'the second event');
  expect(sent(receiver.requests, 'before').headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(sent(receiver.requests, 'after').headers['content-type']).toBe('application/json');
});
