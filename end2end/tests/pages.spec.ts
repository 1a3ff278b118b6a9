// Every page and state in both themes and at several widths: axe finds nothing, and nothing runs over the side. A page, a dialog,
// a drawer or a menu belongs into the list of places.
import { expect, test } from '../fixtures/cloud.ts';
import { PLACES } from '../fixtures/places.ts';
import { populate } from '../fixtures/populated.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { overflow } from '../fixtures/streams.ts';

const HEIGHT = 900;
const WIDTHS = [320, 390, 1440, 2560];

type Theme = 'light' | 'dark';

interface Walk {
  /** What a place opens is opened at this width. */
  width: number;
  /** In which theme axe judges which width. In the other theme, only the colours can differ, so only contrasts are judged. */
  judged: ReadonlyMap<number, Theme>;
}

const WALKS: Walk[] = [
  { width: 1440, judged: new Map([[1440, 'light'], [2560, 'dark']]) },
  { width: 390, judged: new Map([[390, 'dark']]) },
];

const other = (theme: Theme): Theme => (theme === 'light' ? 'dark' : 'light');

for (const { width, judged } of WALKS) {
  test.describe(`opened ${width} wide`, () => {
    test.use({ colorScheme: 'light', viewport: { width, height: HEIGHT }, expectedConsole: [/status of 404/] });

    test('every page and dialog is accessible in both themes and fits', async ({ page, request, instance, receiver, google, a11y }) => {
      test.setTimeout(600_000);
      await page.goto('/sign_in');
      await a11y.expectNoViolations();
      await signIn(page, instance);
      await populate({ page, request, instance, receiver, account: google.account });
      for (const { name, address, open, part } of PLACES) {
        await test.step(name, async () => {
          await page.setViewportSize({ width, height: HEIGHT });
          await page.goto(address);
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          if ((await open?.(page)) === false) return;
          if (width === 1440 && part !== undefined) {
            await expect(part(page)).toMatchAriaSnapshot({ name: `${name}.aria.yml` });
          }
          // It fits wherever it was opened; the widths that axe judges come first.
          for (const shown of [...judged.keys(), ...WIDTHS.filter((width) => !judged.has(width))]) {
            await page.setViewportSize({ width: shown, height: HEIGHT });
            expect(await overflow(page), `${name} runs over the side at ${shown} px`).toBeLessThanOrEqual(0);
            const theme = judged.get(shown);
            if (theme === undefined) continue;
            await page.emulateMedia({ colorScheme: theme });
            await a11y.expectNoViolations();
            await page.emulateMedia({ colorScheme: other(theme) });
            await a11y.expectContrast();
          }
        });
      }
    });
  });
}
