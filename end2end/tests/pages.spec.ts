// Every page in both themes, wide and narrow: axe finds nothing, and nothing runs over the side.
import { postEvents } from '../fixtures/ingest.ts';
import { payloads } from '../fixtures/payloads.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

const pages = ['/', '/admin/audit_logs?tab=log', '/admin/audit_logs?tab=streams', '/profile', '/nowhere'];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 700 }]) {
    test.describe(`${colorScheme}, ${viewport.width} wide`, () => {
      test.use({ colorScheme, viewport, expectedConsole: [/status of 404/] });

      test('every page is accessible and fits', async ({ page, request, instance, a11y }) => {
        const token = await instance.createToken('app', 'ingest');
        await postEvents(request, instance, token, payloads.join('\n'));
        await page.goto('/sign_in');
        await a11y.expectNoViolations();
        await signIn(page, instance);
        for (const address of pages) {
          await page.goto(address);
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          await a11y.expectNoViolations();
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow, `${address} runs over the side`).toBeLessThanOrEqual(0);
        }
      });
    });
  }
}
