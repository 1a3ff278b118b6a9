import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

test('the sign-in page lets root in', async ({ page, instance, a11y }) => {
  await page.goto('/sign_in');
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  await a11y.expectNoViolations();

  await signIn(page, instance);
  await page.goto('/admin/audit_logs?tab=streams');
  await expect(page).toHaveURL(/\/admin\/audit_logs\?tab=streams$/);
  await a11y.expectNoViolations();
});

test('the admin page asks a stranger to sign in', async ({ page }) => {
  await page.goto('/admin/audit_logs?tab=log');
  await expect(page).toHaveURL(/\/sign_in/);
});

test('a session outlives a crash of the server', async ({ page, instance }) => {
  await signIn(page, instance);
  // A page that is open asks the server every few seconds, and would complain.
  await page.goto('about:blank');
  await instance.kill();
  await instance.restart();
  await page.goto('/admin/audit_logs?tab=log');
  await expect(page).toHaveURL(/\/admin\/audit_logs\?tab=log$/);
});
