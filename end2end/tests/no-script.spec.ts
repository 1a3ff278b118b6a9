// Without JavaScript: signing in, and every settings page. Forms post, and the next page shows what came of them.
import type { Page } from '@playwright/test';

import { postEvents } from '../fixtures/ingest.ts';
import { expect, test } from '../fixtures/test.ts';
import type { Instance } from '../fixtures/instance.ts';

async function signIn(page: Page, instance: Instance, address = '/'): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Username').fill(instance.username);
  await page.getByLabel('Password').fill(instance.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).not.toHaveURL(/\/sign_in/);
}

test('a wrong password is refused, and the right one leads to the page that was asked for', async ({ page, instance }) => {
  await page.goto('/admin/settings/retention');
  await expect(page).toHaveURL(/\/sign_in/);
  await page.getByLabel('Username').fill(instance.username);
  await page.getByLabel('Password').fill('not my password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('The username or password is wrong.')).toBeVisible();
  await signIn(page, instance, '/admin/settings/retention');
  await expect(page.getByRole('heading', { level: 1, name: 'Retention' })).toBeVisible();
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign_in/);
});

test('a token is created, shown once and revoked', async ({ page, request, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/tokens');
  const form = page.getByRole('form', { name: 'Create a token' });
  await form.getByRole('textbox', { name: 'Name' }).fill('gitlab');
  await form.getByRole('button', { name: 'Create token' }).click();
  await expect(form.getByText('Scopes: choose at least one')).toBeVisible();
  expect(new URL(page.url()).search).toBe('');

  await form.getByRole('textbox', { name: 'Name' }).fill('gitlab');
  await form.getByRole('checkbox', { name: /^ingest/ }).check();
  await form.getByRole('button', { name: 'Create token' }).click();
  const token = await form.getByRole('textbox', { name: 'API token gitlab' }).inputValue();
  await postEvents(request, instance, token, '{"event_type":"user_created"}');
  await page.goto('/admin/settings/tokens');
  await expect(page.getByRole('textbox', { name: 'API token gitlab' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Revoke gitlab' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke the token gitlab?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Revoke gitlab' }).click();
  await dialog.getByRole('button', { name: 'Revoke token' }).click();
  await expect(page.getByText('Token gitlab is revoked.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Revoke gitlab' })).toHaveCount(0);
});

test('settings are saved, and what is wrong is shown at its field', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/retention');
  const limits = page.getByRole('form', { name: 'Limits' });
  await limits.getByLabel('Keep events for').fill('0');
  await limits.getByRole('button', { name: 'Save' }).click();
  await expect(limits.getByText('Keep events for: a whole number of days')).toBeVisible();
  await limits.getByLabel('Keep events for').fill('7');
  await limits.getByRole('button', { name: 'Save' }).click();
  await expect(limits.getByText('Saved.')).toBeVisible();
  await expect(limits.getByLabel('Keep events for')).toHaveValue('7');

  await page.goto('/admin/settings/network');
  const exceptions = page.getByRole('form', { name: 'Exceptions' });
  await exceptions.getByLabel('Allowlist').fill('siem.internal:8088\n10.0.0.7');
  await exceptions.getByRole('button', { name: 'Save' }).click();
  await expect(exceptions.getByText('Saved.')).toBeVisible();
  await expect(exceptions.getByLabel('Allowlist')).toHaveValue('siem.internal:8088\n10.0.0.7');

  await page.goto('/admin/settings/alerts');
  const thresholds = page.getByRole('form', { name: 'Thresholds' });
  await thresholds.getByLabel('Alert when a stream has failed for').fill('15');
  await thresholds.getByRole('button', { name: 'Save' }).click();
  await expect(thresholds.getByText('Saved.')).toBeVisible();
});

test('a user is added, and a password changed', async ({ page, instance }) => {
  await signIn(page, instance);
  await page.goto('/admin/settings/users');
  const form = page.getByRole('form', { name: 'Add an administrator' });
  await form.getByLabel('Username').fill('ada');
  await form.getByRole('button', { name: 'Add user' }).click();
  await expect(form.getByRole('textbox', { name: 'Password of ada' })).toHaveValue(/.{12,}/);
  await page.getByRole('button', { name: 'Disable ada' }).click();
  await page.getByRole('dialog', { name: 'Disable ada?' }).getByRole('button', { name: 'Disable user' }).click();
  await expect(page.getByText('ada is disabled')).toBeVisible();

  await page.goto('/profile');
  await expect(page.getByRole('row').filter({ hasText: 'This session' })).toContainText('Chrome on Linux');
  const password = page.getByRole('form', { name: 'Change password' });
  await password.getByLabel('Current password').fill(instance.password);
  await password.getByLabel('New password').fill('another good one');
  await password.getByRole('button', { name: 'Change password' }).click();
  await expect(password.getByText('Password changed.')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page).toHaveURL(/\/sign_in/);
});

test('what needs JavaScript is not shown, and the page says so', async ({ page, instance }) => {
  await signIn(page, instance);
  // A pattern, because Playwright looks for a plain text nowhere in `noscript`.
  await expect(page.getByText(/^JavaScript is off\./)).toBeVisible();
  await page.goto('/admin/audit_logs?tab=streams');
  await expect(page.getByRole('button', { name: 'Add streaming destination' })).toHaveCount(0);
});
