// The overview: the first steps on a new instance, and how it keeps up to date.
import { postEvents } from '../fixtures/ingest.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

test('the first steps lead from a new instance to a stream, ticked off as they are done', async ({ page, request, instance, receiver, a11y }) => {
  await signIn(page, instance);
  const steps = page.getByRole('region', { name: 'First steps' });
  const step = (title: string) => steps.getByRole('listitem').filter({ hasText: title });
  await expect(steps).toBeVisible();
  await a11y.expectNoViolations();
  const form = steps.getByRole('form', { name: 'Create a token' });
  await form.getByRole('textbox', { name: 'Name' }).fill('first');
  await form.getByRole('button', { name: 'Create token' }).click();
  const token = await form.getByRole('textbox', { name: 'API token first' }).inputValue();
  await expect(step('Create a token')).toContainText('Done');
  await expect(steps.getByRole('region', { name: 'Command that posts an event' })).toContainText(`Bearer ${token}`);
  await a11y.expectNoViolations();

  await postEvents(request, instance, token, '{"event_type":"user_created"}');
  await expect(step('Post an event')).toContainText('Done');
  await steps.getByRole('link', { name: 'Add streaming destination' }).click();
  await expect(page).toHaveURL(/tab=streams/);
  const admin = await instance.createToken('admin', 'admin');
  const added = await request.post(`${instance.url}/api/v1/destinations`, {
    headers: { authorization: `Bearer ${admin}` },
    data: { name: 'SIEM', kind: 'http', http: { url: receiver.url } },
  });
  expect(added.status()).toBe(201);
  await page.goto('/');
  await expect(page.getByRole('region', { name: 'First steps' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Streams' }).getByRole('link', { name: 'SIEM' })).toHaveAttribute('href', /stream=\d+&view=activity/);
});

test.describe('while the server is away', () => {
  test.use({ expectedConsole: [/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_SOCKET_NOT_CONNECTED/] });

  test('it recovers by itself when the server is back', async ({ page, instance }) => {
  await signIn(page, instance);
  await instance.stop();
  await expect(page.getByText('The server can')).toBeVisible();
  await instance.restart();
  await expect(page.getByText('The server can')).toBeHidden({ timeout: 20_000 });
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});
});
