// Opens the page on test data, or on the server that LATENT_URL names, and watches what it must never do.
import { expect, type Page, test as base } from "@playwright/test";

export const SERVER = process.env.LATENT_URL ?? null;

/** Everything that went wrong in the page, and every address it asked for. */
export interface Watch {
  errors: string[];
  foreign: string[];
}

export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ page, baseURL }, use) => {
      const watch: Watch = { errors: [], foreign: [] };
      const origin = new URL(baseURL!).origin;
      page.on("pageerror", (e) => watch.errors.push(e.message));
      page.on("console", (m) => m.type() === "error" && watch.errors.push(m.text()));
      page.on("request", (r) => !/^(data|blob):/.test(r.url()) && new URL(r.url()).origin !== origin && watch.foreign.push(r.url()));
      await use(watch);
      expect(watch.foreign, "requests that left the origin").toEqual([]);
      expect(watch.errors, "errors in the page, breaches of its policy among them").toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens the page; `query` and `hash` without their signs. The query matters for test data alone. */
export async function open(page: Page, query = "n=1000", hash = ""): Promise<void> {
  const url = new URL(SERVER ?? test.info().project.use.baseURL!);
  if (!SERVER) {
    url.search = `source=demo&${query}`;
  }
  url.hash = hash;
  await page.goto("about:blank");
  await page.goto(url.href);
}

/** Waits until there is a map, measured, and the page rests. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => window.explorer?.version > 0 && ["done", "stopped"].includes(window.explorer.phase), null, { timeout: SERVER ? 240_000 : 20_000 });
  await rest(page);
}

/** Does what begins to learn a map, and waits until there is that map, however short a time it took. */
export async function learned(page: Page, begin: () => Promise<void>): Promise<void> {
  const before = await page.evaluate(() => window.explorer.version);
  await begin();
  await page.waitForFunction((before) => window.explorer.version > before && ["done", "stopped"].includes(window.explorer.phase), before, { timeout: 20_000 });
  await rest(page);
}

/** Waits until nothing is drawn any more. */
export async function rest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    let before = -1;
    while (before !== window.explorer.frames) {
      before = window.explorer.frames;
      await new Promise((done) => setTimeout(done, 250));
    }
  });
}

/** A row that can be seen and is on top where it is drawn, with its place in the window. */
export async function visibleRow(page: Page, from = 0): Promise<{ row: number; x: number; y: number }> {
  const found = await page.evaluate((from) => {
    const box = document.querySelector(".map")!.getBoundingClientRect();
    for (let row = from; row < window.explorer.count; row++) {
      const p = window.explorer.place(row);
      if (!p || p[0] < 60 || p[1] < 80 || p[0] > box.width - 60 || p[1] > box.height - 90) continue;
      if (window.explorer.rowAt(Math.round(p[0]), Math.round(p[1])) === row) return { row, x: box.left + Math.round(p[0]), y: box.top + Math.round(p[1]) };
    }
    return null;
  }, from);
  expect(found, "a row that can be clicked").not.toBeNull();
  return found!;
}

/** What the source itself says of a row: asked past the page's own code where there is a server. */
export async function told(page: Page, row: number) {
  if (SERVER) {
    const url = new URL(`api/rows/${row}`, SERVER);
    return (await page.request.get(url.href)).json();
  }
  return page.evaluate((row) => window.explorer.info(row), row);
}

export const pixels = (page: Page) => page.locator("canvas.points").screenshot();
export { expect, type Page };
