// The guide: its tasks work as written, its pictures show what they say, and it is a page like the others.
//   AUDIT_STREAMS_GUIDE_PICTURES=1 npx playwright test guide
// takes the pictures anew.
import { takeGuidePicture } from '../fixtures/guide-picture.ts';
import { postEvents } from '../fixtures/ingest.ts';
import { payloads } from '../fixtures/payloads.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { openStreams, streamItem } from '../fixtures/streams.ts';
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
    await page.getByRole('button', { name: 'Add streaming destination' }).click();
    await page.getByRole('menuitem', { name: 'HTTP endpoint' }).click();
    const form = page.getByRole('form', { name: 'Add streaming destination' });
    await expect(form.getByText('Destinations receive all audit event data')).toBeVisible();
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

    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByRole('row').filter({ hasText: 'Changed email address' }).click();
    await expect(page.getByRole('dialog')).toContainText('user_email_changed');
    await takeGuidePicture(page, 'log');
    await page.keyboard.press('Escape');

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
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 700 }]) {
    test.describe(`${colorScheme}, ${viewport.width} wide`, () => {
      test.use({ colorScheme, viewport });

      test('the guide is accessible and fits', async ({ page, a11y }) => {
        await page.goto('/help');
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await a11y.expectNoViolations();
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow).toBeLessThanOrEqual(0);
      });
    });
  }
}
