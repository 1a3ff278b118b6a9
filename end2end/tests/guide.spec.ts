// The guide: its tasks work as written, its pictures and that of the README show what they say, and it is a page like the others.
//   AUDIT_STREAMS_GUIDE_PICTURES=1 npx playwright test guide activity
// takes the pictures anew.
import { takeGuidePicture, takeReadmePicture } from '../fixtures/guide-picture.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { payloads } from '../fixtures/payloads.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { health, openAddForm, openStreams, overflow, streamItem } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';

test.describe('the tasks of the guide', () => {
  test.use({ viewport: { width: 1180, height: 720 }, colorScheme: 'light' });

  test('sign in, add a destination, see it, read the Log, delete the destination', async ({ page, request, instance, receiver }) => {
    await page.goto('/sign_in');
    await page.getByLabel('Username').fill(instance.username);
    await page.getByLabel('Password').fill(instance.password);
    await takeGuidePicture(page, 'sign-in');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();

    await openStreams(page);
    const form = await openAddForm(page, 'HTTP endpoint');
    await form.getByLabel('Destination Name').fill('Splunk production');
    await form.getByLabel('Destination URL').fill(receiver.url);
    await takeGuidePicture(page, 'add-destination');
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByText('Stream added successfully')).toBeVisible();

    const token = await instance.createToken('gitlab-production', 'ingest');
    await postEvents(request, instance, token, payloads.join('\n'));
    await expect(page.getByText('Healthy')).toBeVisible();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await takeGuidePicture(page, 'streams');

    await streamItem(page, 'Splunk production').getByRole('button', { name: 'Splunk production', expanded: false }).click();
    const settings = page.getByRole('form', { name: 'Settings of Splunk production' });
    await settings.getByRole('button', { name: 'Add header' }).click();
    await settings.getByRole('textbox', { name: 'Header' }).fill('Authorization');
    await settings.getByRole('textbox', { name: 'Value' }).fill('Splunk 8c1f2a77');
    await takeGuidePicture(page, 'headers');
    await settings.getByRole('button', { name: 'Filter by audit event type' }).click();
    await settings.getByRole('combobox', { name: 'Search' }).fill('user cre');
    await settings.getByRole('option', { name: /^User created/ }).click();
    await takeGuidePicture(page, 'event-types');
    await page.keyboard.press('Escape');
    await settings.getByRole('button', { name: 'Cancel' }).click();

    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByRole('row').filter({ hasText: 'Changed email address' }).click();
    await expect(page.getByRole('dialog')).toContainText('user_email_changed');
    await takeGuidePicture(page, 'log');
    await page.keyboard.press('Escape');
    await page.getByRole('group').getByText('All time', { exact: true }).first().click();
    await page.getByRole('link', { name: 'Last 7 days' }).click();
    await expect(page).toHaveURL(/range=last_7_days/);
    await page.getByRole('group').getByText('Filter', { exact: true }).first().click();
    const filter = page.getByRole('form', { name: 'Add a filter' });
    await filter.getByLabel('Field').selectOption('User');
    await filter.getByLabel('Value').fill(instance.username);
    await filter.getByRole('button', { name: 'Add filter' }).click();
    await expect(page.getByRole('list', { name: 'Filters' })).toContainText('User is root');
    await takeGuidePicture(page, 'log-filter');

    await page.getByRole('tab', { name: 'Streams' }).click();
    await streamItem(page, 'Splunk production').getByRole('button', { name: 'Splunk production', expanded: false }).click();
    await streamItem(page, 'Splunk production').getByRole('button', { name: 'Delete destination' }).click();
    const dialog = page.getByRole('dialog', { name: 'Are you sure about deleting this destination?' });
    await expect(dialog).toBeVisible();
    await takeGuidePicture(page, 'delete-destination');
    await dialog.getByRole('button', { name: 'Delete destination' }).click();
    await expect(page.getByRole('heading', { name: 'Setup streaming for audit events' })).toBeVisible();
  });
});

test.describe('the forms of the guide', () => {
  test.use({ viewport: { width: 1180, height: 900 }, colorScheme: 'light' });

  test('add a Google Cloud Logging destination', async ({ page, instance }) => {
    await signIn(page, instance);
    await openStreams(page);
    const form = await openAddForm(page, 'Google Cloud Logging');
    await form.getByLabel('Destination Name').fill('Cloud Logging');
    await form.getByLabel('Project ID').fill('acme-audit');
    await form.getByLabel('Client Email').fill('audit-streams@acme-audit.iam.gserviceaccount.com');
    await form.getByLabel('Log ID').fill('audit-events');
    await form.evaluate((element) => element.scrollIntoView());
    await takeGuidePicture(page, 'add-google');
  });

  test('add an AWS S3 destination', async ({ page, instance }) => {
    await signIn(page, instance);
    await openStreams(page);
    const form = await openAddForm(page, 'AWS S3');
    await form.getByLabel('Destination Name').fill('Cold archive');
    await form.getByLabel('Access Key ID').fill('AKIAIOSFODNN7EXAMPLE');
    await form.getByLabel('AWS Region').fill('eu-central-1');
    await form.getByLabel('Bucket Name').fill('acme-audit-archive');
    await form.getByLabel('Key prefix').fill('audit/production');
    await form.evaluate((element) => element.scrollIntoView());
    await takeGuidePicture(page, 'add-s3');
  });
});

test.describe('the settings of the guide', () => {
  test.use({ viewport: { width: 1180, height: 720 }, colorScheme: 'light' });

  test('make a token, see the network rules', async ({ page, instance }) => {
    await signIn(page, instance);
    await page.goto('/admin/settings/tokens');
    const form = page.getByRole('form', { name: 'Create a token' });
    await form.getByRole('textbox', { name: 'Name' }).fill('gitlab-production');
    await form.getByRole('checkbox', { name: /^ingest/ }).check();
    await form.getByLabel('Expires on').fill('2999-12-31');
    await form.getByRole('button', { name: 'Create token' }).click();
    await expect(form.getByRole('textbox', { name: 'API token gitlab-production' })).toBeFocused();
    await takeGuidePicture(page, 'token');
    await page.goto('/admin/settings/network');
    await expect(page.getByLabel('Allowlist')).toBeVisible();
    await takeGuidePicture(page, 'network');
  });
});

test.describe('the picture of the README', () => {
  test.use({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });

  test('shows streams in different states', async ({ page, request, instance, receiver }) => {
    const streams = [
      { name: 'Splunk production', path: 'services/collector/raw', status: 200, state: 'Healthy' },
      { name: 'Data lake', path: 'lake/audit', status: 200, state: 'Healthy' },
      { name: 'Cold archive', path: 'archive', status: 503, state: 'Retrying since' },
      { name: 'Datadog', path: 'v1/input', status: 404, state: 'Endpoint not found' },
      { name: 'Elastic, security team', path: 'elastic/audit', status: 401, state: 'Authentication failing' },
    ];
    receiver.respondWith(({ path }) => ({ status: streams.find((stream) => path === `/${stream.path}`)?.status ?? 200 }));
    const headers = { Authorization: `Bearer ${await instance.createToken('setup', 'admin')}` };
    for (const { name, path } of streams) {
      const data = { name, http: { url: receiver.url + path } };
      expect((await request.post('/api/v1/destinations', { headers, data })).status()).toBe(201);
    }
    const token = await instance.createToken('gitlab-production', 'ingest');
    await postEvents(request, instance, token, payloads.join('\n'));
    await signIn(page, instance);
    await openStreams(page);
    for (const { name, state } of streams) await expect(health(streamItem(page, name))).toContainText(state);
    await expect(health(streamItem(page, 'Splunk production'))).toContainText('last delivered');
    await takeReadmePicture(page, 'streams');
  });
});

test('Help leads to the guide and back', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Help' }).click();
  await expect(page.getByRole('heading', { name: 'Help', level: 1 })).toBeVisible();
  await page.getByRole('navigation', { name: 'Contents' }).getByRole('link', { name: 'Event filters' }).click();
  await expect(page).toHaveURL(/\/help#event-filters$/);
  await expect(page.getByRole('heading', { name: 'Event filters' })).toBeInViewport();
  await page.getByRole('link', { name: 'Audit Streams' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
});

test('the guide takes the theme that was chosen', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.evaluate(() => localStorage.setItem('theme', 'dark'));
  await page.goto('/help');
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
});

test('the guide is accessible in both themes and fits', async ({ page, a11y }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/help');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const width of [1440, 390, 320]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    await a11y.expectNoViolations();
    await page.emulateMedia({ colorScheme: 'dark' });
    await a11y.expectContrast();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
});
