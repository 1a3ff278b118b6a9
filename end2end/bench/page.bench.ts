// How quickly the pages open and answer, in Chromium slowed down four times, with 100 destinations and 700 event types.
// Writes the tables between the marks in docs/performance.md; asserts nothing.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CDPSession, Page } from '@playwright/test';

import { postEvents } from '../fixtures/ingest.ts';
import { openAddForm } from '../fixtures/streams.ts';
import { signIn } from '../fixtures/sign-in.ts';
import { expect, test } from '../fixtures/test.ts';

const SLOWED_DOWN = 4;
const RUNS = 5;
const DESTINATIONS = 100;
const EVENT_TYPES = 700;
const REPORT = path.resolve(import.meta.dirname, '../../docs/performance.md');
const [START, END] = ['<!-- bench page -->', '<!-- /bench page -->'];

const PAGES = [
  ['Overview', '/'],
  ['Log', '/admin/audit_logs?tab=log'],
  ['Streams', '/admin/audit_logs?tab=streams'],
  ['API tokens', '/admin/settings/tokens'],
] as const;

interface Opening {
  firstPaint: number;
  interactive: number;
  blocked: number;
  longest: number;
  shift: number;
  html: number;
}

/** Collects what the browser reports while the page loads. */
function observe(): void {
  const seen = { blocked: 0, longest: 0, shift: 0, keys: [] as number[] };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.blocked += Math.max(0, duration - 50);
      seen.longest = Math.max(seen.longest, duration);
    }
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.shift += (entry as unknown as { value: number }).value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'keydown') seen.keys.push(entry.duration);
  }).observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
}

async function open(page: Page, address: string): Promise<Opening> {
  await page.goto(address);
  // What the page does by itself after it has become interactive counts, too.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5_000 })));
  return page.evaluate(() => {
    const { blocked, longest, shift } = (window as unknown as { seen: Opening }).seen;
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return {
      firstPaint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      interactive: performance.getEntriesByName('interactive')[0]?.startTime ?? 0,
      blocked,
      longest,
      shift,
      html: navigation?.encodedBodySize ?? 0,
    };
  });
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

async function measurePages(page: Page): Promise<string[]> {
  const rows = [];
  for (const [name, address] of PAGES) {
    const openings: Opening[] = [];
    for (let run = 0; run < RUNS; run++) openings.push(await open(page, address));
    const of = (value: (opening: Opening) => number): number => median(openings.map(value));
    const cells = [
      name,
      ms(of((opening) => opening.firstPaint)),
      ms(of((opening) => opening.interactive)),
      `${ms(of((opening) => opening.blocked))}, longest task ${ms(of((opening) => opening.longest))}`,
      of((opening) => opening.shift).toFixed(3),
      kb(of((opening) => opening.html)),
    ];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  return rows;
}

/** The slowest key of a text typed into a field. */
async function slowestKey(page: Page, text: string): Promise<number> {
  await page.evaluate(() => void ((window as unknown as { seen: { keys: number[] } }).seen.keys.length = 0));
  await page.keyboard.type(text, { delay: 120 });
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5_000 })));
  const keys = await page.evaluate(() => (window as unknown as { seen: { keys: number[] } }).seen.keys);
  return Math.max(16, ...keys);
}

async function measureKeys(page: Page): Promise<string[]> {
  await page.goto('/admin/audit_logs?tab=streams');
  await page.getByRole('searchbox', { name: 'Search destinations' }).focus();
  const destinations = await slowestKey(page, 'Destination 42');
  await page.getByRole('searchbox', { name: 'Search destinations' }).fill('');
  const form = await openAddForm(page, 'HTTP endpoint');
  await form.getByLabel('Destination Name').focus();
  const name = await slowestKey(page, 'A destination');
  await form.getByRole('button', { name: 'Filter by audit event type' }).click();
  await form.getByRole('combobox', { name: 'Search' }).focus();
  const types = await slowestKey(page, 'event_type_69');
  await page.goto('/admin/audit_logs?tab=log');
  await page.getByRole('searchbox', { name: 'Search text in details' }).focus();
  const text = await slowestKey(page, 'Created user');
  return [
    `| search of ${DESTINATIONS} destinations | ${ms(destinations)} |`,
    `| name of a destination | ${ms(name)} |`,
    `| search of ${EVENT_TYPES} event types | ${ms(types)} |`,
    `| text search of the Log | ${ms(text)} |`,
  ];
}

/** What a first visit loads, as it is sent. */
async function measureBytes(page: Page, cdp: CDPSession): Promise<string[]> {
  const kinds = new Map<string, number>();
  const urls = new Map<string, string>();
  cdp.on('Network.responseReceived', ({ requestId, response }) => void urls.set(requestId, response.url));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const kind = /\.(wasm|js|css|woff2)$/.exec(urls.get(requestId) ?? '')?.[1];
    if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + encodedDataLength);
  });
  await cdp.send('Network.enable');
  await cdp.send('Network.clearBrowserCache');
  await page.goto('/');
  await page.waitForLoadState('networkidle');
  return [...kinds].toSorted().map(([kind, bytes]) => `| ${kind} | ${kb(bytes)} |`);
}

test.use({ serverEnv: { AUDIT_STREAMS_MAX_DESTINATIONS: String(DESTINATIONS) } });

test('the page', async ({ page, request, instance, receiver }) => {
  const token = await instance.createToken('bench', 'admin');
  const headers = { authorization: `Bearer ${token}` };
  const events = Array.from({ length: EVENT_TYPES }, (_, number) => JSON.stringify({ event_type: `event_type_${number}` }));
  await postEvents(request, instance, token, events.join('\n'));
  for (let number = 0; number < DESTINATIONS; number++) {
    const data = { name: `Destination ${number}`, kind: 'http', http: { url: `${receiver.url}/${number}` } };
    const added = await request.post('/api/v1/destinations', { headers, data });
    expect(added.status(), await added.text()).toBe(201);
  }
  await page.addInitScript(observe);
  await signIn(page, instance);
  const cdp = await page.context().newCDPSession(page);
  const bytes = await measureBytes(page, cdp);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWED_DOWN });
  const pages = await measurePages(page);
  const keys = await measureKeys(page);
  const table = [
    '| page | first paint | interactive | blocked | layout shift | HTML as sent |',
    '|---|---|---|---|---|---|',
    ...pages,
    '',
    '| key pressed in | slowest |',
    '|---|---|',
    ...keys,
    '',
    '| first visit loads | as sent |',
    '|---|---|',
    ...bytes,
  ].join('\n');
  console.log(table);
  const report = await readFile(REPORT, 'utf8');
  const [before, after] = [report.split(START)[0], report.split(END)[1]];
  await writeFile(REPORT, `${before}${START}\n${table}\n${END}${after}`);
});
