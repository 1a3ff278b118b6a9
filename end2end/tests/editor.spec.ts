// What holds for the form of every kind of destination: messages, clicks, unsaved text, keyboard.
import { signIn } from '../fixtures/sign-in.ts';
import { addHttpDestination, expand, openAddForm, openStreams, streamItem } from '../fixtures/streams.ts';
import { reportDialog } from '../fixtures/test-event.ts';
import { expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ page, instance }) => {
  await signIn(page, instance);
  await openStreams(page);
});

test('a click on a button is not lost when an error appears above it', async ({ page }) => {
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  await form.getByLabel('Destination URL').fill('no url');
  const button = form.getByRole('button', { name: 'Add header' });
  await button.scrollIntoViewIfNeeded();
  await form.getByLabel('Destination URL').focus();
  const box = await button.boundingBox();
  if (box === null) throw new Error('the button is not shown');
  await page.mouse.move(box.x + box.width / 2, box.y + 4);
  await page.mouse.down();
  await page.mouse.up();
  await expect(form.getByRole('textbox', { name: 'Header' })).toBeVisible();
  await expect(form.getByText('Destination URL must be a valid URL, for example')).toBeVisible();
});

test('the foot of the form stays in view and never covers the focused field', async ({ page }) => {
  const form = await openAddForm(page, 'AWS S3');
  await expect(form.getByRole('heading', { name: 'New destination: AWS S3' })).toBeVisible();
  await expect(form.getByRole('button', { name: 'Add', exact: true })).toBeInViewport();
  const name = form.getByLabel('Destination Name');
  await name.focus();
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab');
    const isCovered = await page.evaluate(() => {
      const focused = document.activeElement;
      if (focused === null || focused.closest('form') === null) return false;
      const { left, top, width, height } = focused.getBoundingClientRect();
      const found = document.elementFromPoint(left + width / 2, top + height / 2);
      return !(focused.contains(found) || found?.contains(focused) === true);
    });
    expect(isCovered).toBe(false);
  }
});

test.describe('refused by the server', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('every refused field is marked at once', async ({ page, receiver }) => {
    await addHttpDestination(page, 'SIEM', receiver.url);
    const form = await openAddForm(page, 'HTTP endpoint');
    await form.getByLabel('Destination Name').fill('SIEM');
    await form.getByLabel('Destination URL').fill(receiver.url);
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(form.getByText('Destination Name has already been taken.')).toBeVisible();
    await expect(form.getByText('Destination URL has already been taken.')).toBeVisible();
    await expect(form.getByText('Correct the 2 marked fields.')).toBeInViewport();
    await expect(form.getByLabel('Destination Name')).toBeFocused();
    // An error goes when its field is changed; the other one stays.
    await form.getByLabel('Destination Name').fill('Other');
    await expect(form.getByText('Destination Name has already been taken.')).toBeHidden();
    await expect(form.getByText('Destination URL has already been taken.')).toBeVisible();
  });

  test.describe('by the network rules', () => {
    test.use({ serverEnv: { AUDIT_STREAMS_ALLOW_LOCAL_NETWORK: 'false' } });

    test('a blocked URL links to the settings that allow it', async ({ page, a11y }) => {
      const form = await openAddForm(page, 'HTTP endpoint');
      await form.getByLabel('Destination Name').fill('SIEM');
      await form.getByLabel('Destination URL').fill('http://10.1.2.3/in');
      await form.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(form.getByText('Destination URL is blocked: Requests to the local network are not allowed.')).toBeVisible();
      await expect(form.getByRole('link', { name: 'Settings › Network' })).toHaveAttribute('href', '/admin/settings/network');
      await a11y.expectNoViolations();
    });
  });
});

test('a host with other than ASCII letters is accepted and shown as typed', async ({ page }) => {
  await addHttpDestination(page, 'Books', 'https://bücher.example/in');
  await expect(streamItem(page, 'Books')).toContainText('https://bücher.example/in');
});

test('leaving unsaved text asks first', async ({ page, receiver, a11y }) => {
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').fill('SIEM');
  const question = page.getByRole('dialog', { name: 'Discard unsaved changes?' });
  await page.getByRole('tab', { name: 'Log' }).click();
  await expect(question).toBeVisible();
  await a11y.expectNoViolations();
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expect(form.getByLabel('Destination Name')).toHaveValue('SIEM');
  // Another kind keeps what every kind has.
  await page.getByRole('button', { name: 'Add streaming destination' }).first().click();
  await page.getByRole('menuitem', { name: 'AWS S3' }).click();
  await expect(form.getByLabel('Destination Name')).toHaveValue('SIEM');
  await page.getByRole('tab', { name: 'Log' }).click();
  await question.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page.getByRole('tab', { name: 'Log' })).toHaveAttribute('aria-selected', 'true');

  await page.getByRole('tab', { name: 'Streams' }).click();
  await addHttpDestination(page, 'SIEM', receiver.url);
  const settings = await expand(page, 'SIEM');
  await settings.getByLabel('Destination Name').fill('Renamed');
  const row = streamItem(page, 'SIEM').getByRole('button', { name: 'SIEM', expanded: true });
  await row.click();
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expect(settings.getByLabel('Destination Name')).toHaveValue('Renamed');
  await page.goBack();
  await expect(question).toBeVisible();
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expect(page).toHaveURL(/tab=streams/);
  await row.click();
  await question.getByRole('button', { name: 'Discard changes' }).click();
  await expect(settings).toBeHidden();
  await page.getByRole('tab', { name: 'Log' }).click();
  await expect(page.getByRole('tab', { name: 'Log' })).toHaveAttribute('aria-selected', 'true');
});

test('a stream that was added offers a test event', async ({ page, receiver, a11y }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  await a11y.expectNoViolations();
  await page.getByRole('status').getByRole('button', { name: 'Send test event' }).click();
  await expect(reportDialog(page)).toContainText('Accepted');
  await reportDialog(page).getByRole('button', { name: 'Close' }).click();
});

test('the list of event types: best match first, a radio beside it, the keyboard', async ({ page, receiver }) => {
  await addHttpDestination(page, 'SIEM', receiver.url);
  const form = await expand(page, 'SIEM');
  const dropdown = form.getByRole('button', { name: 'Filter by audit event type' });
  await dropdown.click();
  const search = form.getByRole('combobox', { name: 'Search' });
  await search.fill('merge_request_create');
  await expect(form.getByRole('group', { name: 'Exact match' }).getByRole('option')).toHaveCount(1);
  await search.press('Enter');
  await expect(form.getByText('1 selected')).toBeVisible();
  await search.fill('');
  await search.press('End');
  await search.press('Home');
  // One click closes the list and chooses.
  const radio = form.getByRole('radio', { name: 'All except these event types' });
  const box = await radio.boundingBox();
  if (box === null) throw new Error('the radio button is not shown');
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  await page.mouse.up();
  await expect(form.getByRole('dialog', { name: 'Select events' })).toBeHidden();
  await expect(radio).toBeChecked();
});

test('ArrowDown opens the menu of kinds', async ({ page }) => {
  const menu = page.getByRole('button', { name: 'Add streaming destination' });
  await menu.focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'HTTP endpoint' })).toBeFocused();
});
