// The settings pages and the profile: what an administrator does on each, what each refuses, and how each looks.
import type { Browser, Locator, Page } from '@playwright/test';

import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

async function open(page: Page, name: 'Alerts' | 'API tokens' | 'Network' | 'Retention' | 'Users'): Promise<void> {
  await page.goto('/admin');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

function row(page: Page, text: string): Locator {
  return page.getByRole('row').filter({ hasText: text });
}

/** A second browser, signed in as somebody. */
async function elsewhere(browser: Browser, url: string, username: string, password: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  await page.goto('/sign_in');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

test.describe('API tokens', () => {
  // The browser's own line about each answer that refuses something.
  test.use({ expectedConsole: [/status of 422/] });

  test('a token is created, shown once, used and revoked', async ({ page, request, instance, a11y }) => {
    await signIn(page, instance);
    await open(page, 'API tokens');
    await expect(page.getByText('No token yet.')).toBeVisible();
    await a11y.expectNoViolations();

    const form = page.getByRole('form', { name: 'Create a token' });
    await form.getByRole('textbox', { name: 'Name' }).fill('gitlab');
    await form.getByRole('button', { name: 'Create token' }).click();
    await expect(form.getByText('Scopes: choose at least one')).toBeVisible();
    await expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('gitlab');
    await form.getByLabel('Expires on').fill('2020-01-31');
    await form.getByRole('checkbox', { name: /^ingest/ }).check();
    await form.getByRole('button', { name: 'Create token' }).click();
    await expect(form.getByText('this day has passed')).toBeVisible();
    await expect(form.getByLabel('Expires on')).toBeFocused();
    await expect(form.getByRole('checkbox', { name: /^ingest/ })).toBeChecked();
    await a11y.expectNoViolations();

    await form.getByLabel('Expires on').fill('2999-12-31');
    await form.getByLabel('Client certificate').fill('a certificate');
    await form.getByRole('button', { name: 'Create token' }).click();
    await expect(form.getByText('Client certificate: a subject as in RFC 4514')).toBeVisible();
    await form.getByLabel('Client certificate').fill('CN=gitlab,O=Example');
    await form.getByRole('button', { name: 'Create token' }).click();
    const shown = form.getByRole('textbox', { name: 'API token gitlab' });
    await expect(shown).toBeFocused();
    await expect(form.getByRole('button', { name: 'Copy' })).toBeVisible();
    const token = await shown.inputValue();
    expect(token).toMatch(/^ast_/);
    await expect(form.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('');
    await expect(row(page, 'gitlab')).toContainText('Active');
    await expect(row(page, 'gitlab')).toContainText('3000-01-01');
    await expect(row(page, 'gitlab')).toContainText('Client certificate: CN=gitlab,O=Example');
    await a11y.expectNoViolations();
    await postEvents(request, instance, token, '{"event_type":"user_created"}');

    await page.reload();
    await expect(row(page, 'gitlab')).not.toContainText('Never');
    await expect(page.getByText(token)).toHaveCount(0);
    const revoke = page.getByRole('button', { name: 'Revoke gitlab' });
    await revoke.click();
    const dialog = page.getByRole('dialog', { name: 'Revoke the token gitlab?' });
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await a11y.expectNoViolations();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(revoke).toBeFocused();
    await revoke.click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await expect(revoke).toBeFocused();
    await revoke.click();
    await dialog.getByRole('button', { name: 'Revoke token' }).click();
    await expect(page.getByText('Token gitlab is revoked.')).toBeVisible();
    await expect(row(page, 'gitlab')).toContainText('Revoked');
    const refused = await request.post(`${instance.url}/api/v1/audit_events`, {
      headers: { authorization: `Bearer ${token}` },
      data: '{"event_type":"user_created"}',
    });
    expect(refused.status()).toBe(401);
  });
});

test.describe('Users', () => {
  test.use({ expectedConsole: [/status of (401|403|422)/] });

  test('an administrator is added, disabled, enabled and given a new password', async ({ page, browser, instance, a11y }) => {
    await signIn(page, instance);
    await open(page, 'Users');
    await expect(row(page, 'root (you)').getByRole('button')).toHaveCount(0);
    const form = page.getByRole('form', { name: 'Add an administrator' });
    await form.getByLabel('Username').fill('root');
    await form.getByLabel('Password').fill('short');
    await form.getByRole('button', { name: 'Add user' }).click();
    await expect(form.getByText('Password: at least 12 characters.')).toBeVisible();
    await form.getByLabel('Password').fill('');
    await form.getByRole('button', { name: 'Add user' }).click();
    await expect(form.getByText('another user has this name')).toBeVisible();
    await expect(form.getByLabel('Username')).toHaveValue('root');
    await a11y.expectNoViolations();
    await form.getByLabel('Username').fill('ada');
    await form.getByRole('button', { name: 'Add user' }).click();
    const password = await form.getByRole('textbox', { name: 'Password of ada' }).inputValue();
    await a11y.expectNoViolations();

    const theirs = await elsewhere(browser, instance.url, 'ada', password);
    await expect(theirs.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await page.getByRole('button', { name: 'Disable ada' }).click();
    const disable = page.getByRole('dialog', { name: 'Disable ada?' });
    await a11y.expectNoViolations();
    await disable.getByRole('button', { name: 'Disable user' }).click();
    await expect(row(page, 'ada')).toContainText('Disabled');
    await theirs.goto('/admin');
    await expect(theirs).toHaveURL(/\/sign_in/);
    await theirs.getByLabel('Username').fill('ada');
    await theirs.getByLabel('Password').fill(password);
    await theirs.getByRole('button', { name: 'Sign in' }).click();
    await expect(theirs.getByText('This account is disabled.')).toBeVisible();

    await page.getByRole('button', { name: 'Enable ada' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Enable user' }).click();
    await expect(row(page, 'ada')).toContainText('Enabled');
    await page.getByRole('button', { name: 'Reset password of ada' }).click();
    const reset = page.getByRole('dialog', { name: 'Reset the password of ada?' });
    await a11y.expectNoViolations();
    await reset.getByRole('textbox', { name: 'Password' }).fill('too short');
    await reset.getByRole('button', { name: 'Reset password' }).click();
    await expect(reset.getByText('at least 12 characters.', { exact: false }).last()).toBeVisible();
    await reset.getByRole('textbox', { name: 'Password' }).fill('a second good one');
    await reset.getByRole('button', { name: 'Reset password' }).click();
    await expect(page.getByText('ada has a new password.')).toBeVisible();
    const again = await elsewhere(browser, instance.url, 'ada', 'a second good one');
    await expect(again.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await theirs.context().close();
    await again.context().close();
  });
});

test('a password that was made is shown although the dialog was closed and the page left', async ({ page, request, instance }) => {
  await signIn(page, instance);
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const added = { username: 'ada', password: '' };
  await request.post('/api/page/users/add', { form: added, headers: { cookie, origin: instance.url } });
  for (const leave of [false, true]) {
    await open(page, 'Users');
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/api/page/users/reset_password*', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Reset password of ada' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset password' }).click();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    if (leave) await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Retention' }).click();
    letGo();
    await expect(page.getByRole('textbox', { name: 'Password of ada' })).toHaveValue(/.{12,}/);
    await page.unrouteAll();
  }
});

test.describe('Profile', () => {
  test.use({ expectedConsole: [/status of 422/] });

  test('the password is changed, a session ended, and everybody signed out', async ({ page, browser, instance, a11y }) => {
    await signIn(page, instance);
    const other = await elsewhere(browser, instance.url, instance.username, instance.password);
    await expect(other.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await page.getByRole('button', { name: /Account of/ }).click();
    await page.getByRole('link', { name: 'Profile' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Profile' })).toBeVisible();
    await expect(row(page, 'This session').getByRole('button')).toHaveCount(0);
    await a11y.expectNoViolations();
    await page.getByRole('button', { name: /^End session of/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await expect(page.getByText('The session has ended.')).toBeVisible();
    await expect(page.getByRole('button', { name: /^End session of/ })).toHaveCount(0);
    await other.goto('/admin');
    await expect(other).toHaveURL(/\/sign_in/);

    const form = page.getByRole('form', { name: 'Change password' });
    await form.getByLabel('Current password').fill('not my password');
    await form.getByLabel('New password').fill('another good one');
    await form.getByRole('button', { name: 'Change password' }).click();
    await expect(form.getByText('Current password: this is not it.')).toBeVisible();
    await expect(form.getByLabel('Current password')).toBeFocused();
    await form.getByLabel('Current password').fill(instance.password);
    await form.getByRole('button', { name: 'Change password' }).click();
    await expect(form.getByText('Password changed.')).toBeVisible();
    await expect(form.getByLabel('New password')).toHaveValue('');
    await a11y.expectNoViolations();

    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page).toHaveURL(/\/sign_in/);
    await page.goto('/profile');
    await expect(page).toHaveURL(/\/sign_in/);
    await other.context().close();
  });
});

test.describe('Retention and network', () => {
  test.use({ expectedConsole: [/status of (409|422)/] });

  test('limits are changed, and the second of two administrators is told', async ({ page, context, instance, a11y }) => {
    await signIn(page, instance);
    await open(page, 'Retention');
    await expect(page.getByText('10.0 GiB')).toBeVisible();
    await a11y.expectNoViolations();
    const form = page.getByRole('form', { name: 'Limits' });
    await form.getByLabel('Keep events for').fill('0');
    await form.getByLabel('Maximum log size').fill('1MiB');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText('a whole number of days from 1 to 36500')).toBeVisible();
    await expect(form.getByText('Maximum log size: at least 64MiB')).toBeVisible();
    await a11y.expectNoViolations();

    const other = await context.newPage();
    await open(other, 'Retention');
    await form.getByLabel('Keep events for').fill('7');
    await form.getByLabel('Maximum log size').fill('1 gib');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText('Saved.')).toBeVisible();
    await expect(form.getByLabel('Maximum log size')).toHaveValue('1GiB');
    await expect(page.getByText('of 1.0 GiB')).toBeVisible();

    const theirs = other.getByRole('form', { name: 'Limits' });
    await theirs.getByLabel('Keep events for').fill('90');
    await theirs.getByRole('button', { name: 'Save' }).click();
    await expect(theirs.getByText('Someone else changed this.')).toBeVisible();
    await expect(theirs.getByLabel('Keep events for')).toHaveValue('90');
    await theirs.getByRole('button', { name: 'Reload' }).click();
    await expect(theirs.getByLabel('Keep events for')).toHaveValue('7');
    await theirs.getByLabel('Keep events for').fill('90');
    await theirs.getByRole('button', { name: 'Save' }).click();
    await expect(theirs.getByText('Saved.')).toBeVisible();
  });

  test('the allowlist is changed, and what the command line sets is not', async ({ page, instance, a11y }) => {
    await signIn(page, instance);
    await open(page, 'Network');
    const form = page.getByRole('form', { name: 'Exceptions' });
    const local = form.getByRole('checkbox', { name: 'Allow requests to the local network' });
    await expect(local).toBeDisabled();
    await expect(local).toBeChecked();
    await expect(form.getByText('Set on the command line, by --allow-local-network')).toBeVisible();
    await expect(page.getByText('Blocked unless listed exactly').first()).toBeVisible();
    await expect(page.getByText('169.254.169.254')).toBeVisible();
    await a11y.expectNoViolations();
    const list = form.getByLabel('Allowlist');
    await list.fill('siem.internal:8088\nexa mple');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText('line 2, “exa mple”')).toBeVisible();
    await expect(list).toHaveValue('siem.internal:8088\nexa mple');
    await list.fill('SIEM.internal:8088, 10.0.0.7');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText('Saved.')).toBeVisible();
    await expect(list).toHaveValue('siem.internal:8088\n10.0.0.7');
    await expect(page.getByText('siem.internal:8088', { exact: true })).toBeVisible();
    await page.reload();
    await expect(list).toHaveValue('siem.internal:8088\n10.0.0.7');
    await a11y.expectNoViolations();
  });

  test('leaving unsaved text of a form asks first, and saving another form keeps it', async ({ page, instance, a11y }) => {
    await signIn(page, instance);
    await open(page, 'Retention');
    await open(page, 'Alerts');
    const email = page.getByRole('form', { name: 'E-mail', exact: true });
    const thresholds = page.getByRole('form', { name: 'Thresholds' });
    const question = page.getByRole('dialog', { name: 'Discard unsaved changes?' });
    const leave = () => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Network' }).click();
    await email.getByLabel('Server').fill('smtp.example.com');
    await thresholds.getByLabel('Alert when a stream has failed for').fill('15');
    await thresholds.getByRole('button', { name: 'Save' }).click();
    await expect(thresholds.getByText('Saved.')).toBeVisible();
    await expect(email.getByLabel('Server')).toHaveValue('smtp.example.com');
    await leave();
    await expect(question).toBeVisible();
    await a11y.expectNoViolations();
    await question.getByRole('button', { name: 'Keep editing' }).click();
    await expect(email.getByLabel('Server')).toHaveValue('smtp.example.com');
    await page.goBack();
    await expect(question).toBeVisible();
    await question.getByRole('button', { name: 'Keep editing' }).click();
    await expect(page).toHaveURL(/alerts$/);

    // Cancelled, or typed as it was: there is nothing to lose.
    await email.getByRole('button', { name: 'Cancel' }).click();
    await expect(email.getByLabel('Server')).toHaveValue('');
    await email.getByText('TLS from the start').click();
    await email.getByText('STARTTLS').click();
    await thresholds.getByLabel('Alert when a stream has failed for').fill('20');
    await thresholds.getByLabel('Alert when a stream has failed for').fill('15');
    await leave();
    await expect(page.getByRole('heading', { level: 1, name: 'Network' })).toBeVisible();

    const list = page.getByRole('form', { name: 'Exceptions' }).getByLabel('Allowlist');
    await list.fill('10.0.0.7');
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Admin' }).click();
    await question.getByRole('button', { name: 'Discard changes' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Audit events' })).toBeVisible();
  });
});
