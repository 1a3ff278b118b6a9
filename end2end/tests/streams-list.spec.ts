// The list of streams: order, search, links, switches, and what other administrators do meanwhile.
import type { APIRequestContext, Locator, Page } from '@playwright/test';

import { postEvents } from '../fixtures/ingest.ts';
import type { Instance } from '../fixtures/instance.ts';
import { parkWhatWasRefused } from '../fixtures/parked.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, expand, health, openAddForm, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

const STREAMS = '/admin/audit_logs?tab=streams';

/** Through the API, which is faster than the form. */
async function add(request: APIRequestContext, instance: Instance, token: string, name: string, url: string, active = true): Promise<number> {
  const answer = await request.post(`${instance.url}/api/v1/destinations`, {
    headers: { Authorization: `Bearer ${token}` },
    data: { name, active, http: { url } },
  });
  expect(answer.status()).toBe(201);
  return ((await answer.json()) as { id: number }).id;
}

async function remove(request: APIRequestContext, instance: Instance, token: string, id: number): Promise<void> {
  const answer = await request.delete(`${instance.url}/api/v1/destinations/${id}`, { headers: { Authorization: `Bearer ${token}` } });
  expect(answer.ok()).toBe(true);
}

function list(page: Page): Locator {
  return page.getByRole('list', { name: 'Streaming destinations' });
}

/** Of the streams that are shown and closed. */
async function names(page: Page): Promise<string[]> {
  // All at once: the list may change meanwhile.
  const names = await list(page).getByRole('button', { expanded: false }).allTextContents();
  return names.map((name) => name.trim());
}

/** Waits until the page has done what it does in the frame after a key. */
async function afterFrames(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
}

/** Types the text and answers, for each key, how much changes in the list, apart from rows that are hidden or shown. */
async function changesInList(page: Page, field: Locator, text: string): Promise<number[]> {
  const changes = await list(page).evaluateHandle((list) => {
    const changes: MutationRecord[] = [];
    const observer = new MutationObserver((records) => changes.push(...records));
    observer.observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
    return changes;
  });
  const counts: number[] = [];
  for (const key of text) {
    await field.press(key);
    await afterFrames(page);
    counts.push(await changes.evaluate((changes) => changes.splice(0).filter(({ attributeName }) => attributeName !== 'hidden').length));
  }
  return counts;
}

test('failing streams come first, are counted, and can be shown alone', async ({ page, request, instance, receiver, a11y }) => {
  const admin = await instance.createToken('admin', 'admin');
  receiver.respondWith(({ path }) => ({ status: path === '/bad' ? 401 : 200 }));
  for (const name of ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon']) {
    await add(request, instance, admin, name, `${receiver.url}${name}`);
  }
  await add(request, instance, admin, 'Broken', `${receiver.url}bad`);
  await receiver.waitFor((requests) => requests.some(({ path }) => path === '/bad'), 'the first failure');
  await signIn(page, instance);
  await page.goto(STREAMS);
  await expect(page.getByRole('heading', { name: '6 destinations' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Streams' })).toContainText('6');
  await expect(page).toHaveTitle(/^Streams · Audit events/);
  await expect.poll(() => names(page)).toEqual(['Broken', 'Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon']);
  await page.getByRole('link', { name: '1 needs attention' }).click();
  await expect(page).toHaveURL(/attention=on/);
  await expect.poll(() => names(page)).toEqual(['Broken']);
  await a11y.expectNoViolations();
  await page.reload();
  await expect.poll(() => names(page)).toEqual(['Broken']);
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect.poll(async () => (await names(page)).length).toBe(6);

  const search = page.getByRole('searchbox', { name: 'Search destinations' });
  await search.fill('gam');
  await expect.poll(() => names(page)).toEqual(['Gamma']);
  await search.fill('nothing like this');
  await expect(page.getByText('No destinations match.')).toBeVisible();
  await a11y.expectNoViolations();
  await search.press('Escape');
  await expect.poll(async () => (await names(page)).length).toBe(6);
});

test('a link opens a stream, and the address follows what is open', async ({ page, request, instance, receiver }) => {
  const admin = await instance.createToken('admin', 'admin');
  for (let number = 1; number <= 12; number += 1) {
    await add(request, instance, admin, `Stream ${number}`, `${receiver.url}${number}`);
  }
  const id = await add(request, instance, admin, 'Linked', `${receiver.url}linked`);
  await signIn(page, instance);
  await page.goto(`${STREAMS}&stream=${id}&view=activity`);
  const item = streamItem(page, 'Linked');
  const toggle = item.getByRole('button', { name: 'Linked', exact: true, expanded: true });
  await expect(toggle).toBeFocused();
  await expect(toggle).toBeInViewport();
  await expect(item.getByRole('tab', { name: 'Activity', selected: true })).toBeVisible();
  await item.getByRole('tab', { name: 'Settings', selected: false }).click();
  await expect(page).toHaveURL(new RegExp(`stream=${id}&view=settings$`));
  await page.reload();
  await expect(page.getByRole('form', { name: 'Settings of Linked' })).toBeVisible();
  await toggle.click();
  await expect(page).toHaveURL(/tab=streams$/);
  // The address was replaced each time: Back leaves the page.
  await page.goBack();
  await expect(page).not.toHaveURL(/tab=streams/);
  await page.goto(`${STREAMS}&stream=9999&view=activity`);
  await expect(page.getByText('The stream of this link does not exist.')).toBeVisible();
});

test('deactivating asks first and offers to pause', async ({ page, instance, receiver, a11y }) => {
  await signIn(page, instance);
  await openStreams(page);
  await addHttpDestination(page, 'SIEM', receiver.url);
  const item = streamItem(page, 'SIEM');
  const active = item.getByRole('switch', { name: 'Active: SIEM' });
  const dialog = page.getByRole('dialog', { name: 'Deactivate this stream?' });
  await active.click();
  await expect(dialog).toContainText('never sent');
  await a11y.expectNoViolations();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(active).toBeFocused();
  await expect(active).toBeChecked();
  await active.click();
  await dialog.getByRole('button', { name: 'Pause' }).click();
  await expect(health(item)).toContainText('Paused');
  await expect(active).toBeChecked();
  await active.click();
  await expect(dialog.getByRole('button', { name: 'Pause' })).toBeHidden();
  await dialog.getByRole('button', { name: 'Deactivate' }).click();
  await expect(active).not.toBeChecked();
  await expect(health(item)).toContainText(/Inactive since .* · \d+\sevents? not sent/);
  await active.click();
  await expect(active).toBeChecked();
});

test('parked events make a stream amber, with a link to them', async ({ page, request, instance, receiver }) => {
  const token = await instance.createToken('app', 'ingest');
  await signIn(page, instance);
  await openStreams(page);
  receiver.respondWith(({ body }) => ({ status: body.includes('"refused"') ? 422 : 200 }));
  await addHttpDestination(page, 'SIEM', receiver.url);
  await postEvents(request, instance, token, '{"event_type":"refused"}');
  const item = streamItem(page, 'SIEM');
  await expect(health(item)).toContainText(/1\srejected, retrying/);
  await page.goto('about:blank');
  await parkWhatWasRefused(instance);
  await page.goto(STREAMS);
  await expect(health(item)).toContainText('Some events rejected');
  await expect(page.getByRole('link', { name: '1 needs attention' })).toBeVisible();
  await health(item).getByRole('link', { name: /1\sparked/ }).click();
  await expect(item.getByRole('heading', { name: '1 parked event' })).toBeVisible();
  await expect(page).toHaveURL(/view=parked$/);
  await expect(item.getByRole('heading', { name: '1 parked event' })).toBeFocused();
});

test('what other administrators add and delete appears, and unsaved text stays', async ({ page, request, instance, receiver }) => {
  const admin = await instance.createToken('admin', 'admin');
  const typed = await add(request, instance, admin, 'Typed', `${receiver.url}typed`);
  const other = await add(request, instance, admin, 'Zebra', `${receiver.url}other`);
  await signIn(page, instance);
  await page.goto(STREAMS);
  const form = await expand(page, 'Typed');
  const field = form.getByLabel('Destination Name');
  await field.fill('Not saved yet');
  const added = await add(request, instance, admin, 'Added', `${receiver.url}added`);
  await expect(streamItem(page, 'Added')).toBeVisible();
  await expect(field).toBeFocused();
  await remove(request, instance, admin, other);
  await expect(streamItem(page, 'Zebra')).toBeHidden();
  await remove(request, instance, admin, typed);
  await expect(page.getByText('Someone else deleted this destination')).toBeVisible();
  await expect(field).toHaveValue('Not saved yet');
  await expect(page.getByRole('heading', { name: '1 destination' })).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(streamItem(page, 'Typed')).toBeHidden();

  // A row that was only read is gone at once, with a word about it.
  await expand(page, 'Added');
  await remove(request, instance, admin, added);
  await expect(page.getByRole('status').filter({ hasText: 'Someone else deleted Added' })).toBeFocused();
  await expect(streamItem(page, 'Added')).toBeHidden();
});

test('the names are readable at every width', async ({ page, request, instance, receiver, a11y }) => {
  const admin = await instance.createToken('admin', 'admin');
  receiver.respondWith(({ path }) => ({ status: path === '/bad' ? 503 : 200 }));
  await add(request, instance, admin, 'Splunk in production, Frankfurt, for everything that is about users', `${receiver.url}one?token=s3cret`);
  await add(request, instance, admin, 'بث سجل التدقيق', `${receiver.url}bad`);
  await add(request, instance, admin, 'Archive', `${receiver.url}archive`);
  await signIn(page, instance);
  await page.goto(STREAMS);
  await expect(page.getByRole('heading', { name: '3 destinations' })).toBeVisible();
  await expect(page.getByText('s3cret')).toBeHidden();
  for (const width of [320, 390, 768, 900, 1024, 1152, 1280, 1440, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await overflow(page), `${width}`).toBeLessThanOrEqual(0);
    for (const name of ['Splunk in production', 'Archive']) {
      const toggle = streamItem(page, name).getByRole('button').first();
      const box = await toggle.boundingBox();
      const text = await toggle.evaluate((element) => element.scrollWidth);
      expect(box?.width ?? 0, `${name} at ${width}`).toBeGreaterThanOrEqual(Math.min(200, text));
    }
    if ([390, 1440, 2560].includes(width)) await a11y.expectNoViolations();
  }
});

test.describe('many streams', () => {
  test.use({ serverEnv: { AUDIT_STREAMS_MAX_DESTINATIONS: '200' } });

  test('a hundred streams are searched, and only those in sight are rendered', async ({ page, request, instance, receiver }) => {
    test.slow(); // A hundred destinations are added.
    const admin = await instance.createToken('admin', 'admin');
    for (let number = 1; number <= 100; number += 1) {
      // A word that no address has.
      await add(request, instance, admin, `stream-${number}`, `${receiver.url}${number}`);
    }
    await signIn(page, instance);
    await page.goto(STREAMS);
    const items = list(page).getByRole('listitem');
    await expect(items).toHaveCount(100);
    const isRendered = (number: number): Promise<boolean> =>
      streamItem(page, `stream-${number}`)
        .getByRole('button', { name: `stream-${number}`, exact: true })
        .evaluate((toggle) => toggle.checkVisibility({ contentVisibilityAuto: true }));
    await expect.poll(() => isRendered(1)).toBe(true);
    await expect.poll(() => isRendered(100)).toBe(false);
    await streamItem(page, 'stream-100').scrollIntoViewIfNeeded();
    await expect.poll(() => isRendered(100)).toBe(true);
    await expect.poll(() => isRendered(1)).toBe(false);

    const search = page.getByRole('searchbox', { name: 'Search destinations' });
    await search.pressSequentially('stream-9');
    await expect(items).toHaveCount(11);
    await search.pressSequentially('9');
    await expect.poll(() => names(page)).toEqual(['stream-99']);
    await search.press('Escape');
    await expect(search).toHaveValue('');
    await expect(items).toHaveCount(100);
  });

  test('a search that is cleared before it is applied is not applied', async ({ page, request, instance, receiver }) => {
    const admin = await instance.createToken('admin', 'admin');
    for (let number = 1; number <= 6; number += 1) {
      await add(request, instance, admin, `stream-${number}`, `${receiver.url}${number}`);
    }
    await signIn(page, instance);
    await page.goto(STREAMS);
    const search = page.getByRole('searchbox', { name: 'Search destinations' });
    // Both before the next frame.
    await search.evaluate((field: HTMLInputElement) => {
      field.value = 'stream-3';
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    });
    await afterFrames(page);
    // Read once: this must be so by now.
    expect(await search.inputValue()).toBe('');
    expect(await names(page)).toHaveLength(6);
    // What is typed later is applied later.
    await search.fill('stream-4');
    await expect.poll(() => names(page)).toEqual(['stream-4']);

    await search.fill('nothing');
    const field = await search.elementHandle();
    await page.getByRole('button', { name: 'Clear search' }).evaluate((clear, field) => {
      const input = field as HTMLInputElement;
      input.value = 'stream-5';
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      (clear as HTMLButtonElement).click();
    }, field);
    await afterFrames(page);
    expect(await search.inputValue()).toBe('');
    expect(await names(page)).toHaveLength(6);
  });

  test('a key leaves the rows as they are', async ({ page, request, instance, receiver }) => {
    const admin = await instance.createToken('admin', 'admin');
    // Each key of the search hides one more.
    for (const name of ['Other', 'q', 'qu', 'que', 'quer', 'query']) {
      // What is said of an inactive stream does not change by itself.
      await add(request, instance, admin, name, `${receiver.url}${name}`, false);
    }
    await signIn(page, instance);
    await page.goto(STREAMS);
    await expect(list(page).getByRole('listitem')).toHaveCount(6);
    const search = page.getByRole('searchbox', { name: 'Search destinations' });
    // A new answer of the server may come with some of the keys.
    expect(Math.min(...(await changesInList(page, search, 'query')))).toBe(0);
    expect(await names(page)).toEqual(['query']);
    const form = await openAddForm(page, 'HTTP endpoint');
    expect(Math.min(...(await changesInList(page, form.getByLabel('Destination Name'), 'Another stream')))).toBe(0);
  });
});

test('the list of streams has a stable outline', async ({ page, request, instance, receiver }) => {
  const admin = await instance.createToken('admin', 'admin');
  await add(request, instance, admin, 'SIEM', receiver.url);
  await signIn(page, instance);
  await page.goto(STREAMS);
  await expect(health(streamItem(page, 'SIEM'))).toContainText('Healthy');
  await expect(page.getByRole('list', { name: 'Streaming destinations' })).toMatchAriaSnapshot(`
    - list "Streaming destinations":
      - listitem:
        - button "SIEM"
        - text: HTTP
        - paragraph: /http:/
        - group "Health":
          - paragraph:
            - strong: Healthy
            - text: /last delivered/
        - button "Pause SIEM"
        - 'switch "Active: SIEM" [checked]'
        - text: Verification token
        - code
        - button "Copy verification token"
        - button "Edit"
  `);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the list is read, a stream is paused, and nothing dead is shown', async ({ page, request, instance, receiver }) => {
    const admin = await instance.createToken('admin', 'admin');
    const id = await add(request, instance, admin, 'SIEM', receiver.url);
    await signIn(page, instance);
    await page.goto(`${STREAMS}&stream=${id}&view=settings`);
    const item = streamItem(page, 'SIEM');
    await expect(item.getByRole('textbox', { name: 'Destination Name' })).toBeVisible();
    for (const name of ['Add streaming destination', 'Edit', 'Copy verification token']) {
      await expect(page.getByRole('button', { name })).toBeHidden();
    }
    await item.getByRole('button', { name: 'Pause SIEM' }).click();
    await expect(health(item)).toContainText('Paused');
  });
});
