// The page as it is shipped, and its side of docs/http-api.md.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, ready, rest, SERVER, test as base } from "./harness.ts";
import { type Fake, fakeServer } from "./fake.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
// The made-up server has an origin of its own.
const test = base.extend<{ fake: Fake }>({
  fake: async ({}, use) => {
    const fake = await fakeServer(DIST);
    await use(fake);
    await fake.stop();
  },
  baseURL: async ({ fake }, use) => use(fake.url),
});
test.skip(SERVER !== null, "needs the made-up server");

test("reads state, map, fields, trust and rows from the server", async ({ page, fake }) => {
  await page.goto(`${fake.url}?token=secret#row=4`);
  await ready(page);
  expect(page.url()).not.toContain("secret");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("rows.csv");
  await expect(page.locator(".legend")).toContainText("<b>b</b>");
  await expect(page.locator("#neighbors button")).toHaveCount(15);
  await expect(page.locator("#neighbors button").first()).toHaveAccessibleName("row r5, title 5 , c distance 0.500 , kept by the map");
  await expect(page.locator("#neighbors img").first()).toHaveJSProperty("naturalWidth", 8);
  await expect(page.getByText("Distances far apart are not to be read.")).toBeVisible();
  await page.locator("#color-by").selectOption("price");
  await expect(page.getByRole("img", { name: "Colors from 2 to 97" })).toBeVisible();
  for (const path of ["/api/state", "/api/events", "/api/map", "/api/fields/0", "/api/fields/1", "/api/trust", "/api/rows/4", "/api/methods"]) expect(fake.asked).toContain(`GET ${path}`);
});

test("follows the map as it moves, learns again, is refused, stops and keeps", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  const before = await page.evaluate(() => window.explorer.place(7)!);
  fake.move();
  await page.waitForFunction(() => window.explorer.version === 2);
  await rest(page);
  const after = await page.evaluate(() => window.explorer.place(7)!);
  expect(Math.hypot(after[0] - before[0], after[1] - before[1])).toBeGreaterThan(5);
  await page.getByRole("spinbutton", { name: "Perplexity" }).fill("5");
  await page.getByRole("button", { name: "Refit", exact: true }).click();
  await expect(page.getByRole("progressbar", { name: "Learning" })).toBeVisible();
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await page.waitForFunction(() => window.explorer.phase === "stopped");
});

test("shows a map that was learned before, with its own measures, and again from its address", async ({ page, fake }) => {
  await page.goto(`${fake.url}#row=4`);
  await ready(page);
  await expect(page.locator("dd", { hasText: "8 of 15" })).toBeVisible();
  const before = await page.evaluate(() => window.explorer.place(7)!);
  await page.getByRole("button", { name: "t-SNE perplexity 10" }).click();
  await rest(page);
  await expect(page.getByRole("meter", { name: "Neighbors kept" })).toHaveAttribute("aria-valuenow", "0.2");
  await expect(page.locator(".what")).toContainText("perplexity 10");
  await expect(page.locator("dd", { hasText: "3 of 15" })).toBeVisible();
  const after = await page.evaluate(() => window.explorer.place(7)!);
  expect(Math.hypot(after[0] - before[0], after[1] - before[1])).toBeGreaterThan(5);
  await expect.poll(() => page.url()).toContain("map=1");
  for (const path of ["/api/maps", "/api/maps/1", "/api/maps/1/trust", "/api/rows/4?map=1"]) expect(fake.asked).toContain(`GET ${path}`);
  await page.reload();
  await ready(page);
  await expect(page.locator(".what")).toContainText("perplexity 10");
  expect(await page.evaluate(() => window.explorer.place(7)!)).toEqual(after);
  await page.keyboard.press("]");
  await expect(page.locator(".what")).toContainText("perplexity 30");
  await expect.poll(() => page.url()).not.toContain("map=");
});

test("topics, their words, documents and times come from the server", async ({ page, fake }) => {
  fake.state.can = ["topics"];
  await page.goto(`${fake.url}#topic=4`);
  await expect(page.locator("#words-title")).toContainText("Topic");
  const bars = page.getByRole("listbox", { name: /most relevant words/ }).getByRole("option");
  await expect(bars).toHaveCount(30);
  await bars.nth(1).hover();
  await expect(page.getByText(/^Circles show “/)).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("jury");
  await expect(page.getByRole("option", { name: /^jury/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Document\s+\d/ }).first().click();
  await expect(page.locator("mark").first()).toBeVisible();
  const row = await page.evaluate(() => window.explorer.row);
  for (const path of ["topics", "topics/all", "topics/4", "topics/4/documents?limit=50", "topics/times/2", "words?q=jury&limit=20", `rows/${row}/words`]) expect(fake.asked).toContain(`GET /api/${path}`);
  expect(fake.asked.some((a) => /^GET \/api\/words\/\d+$/.test(a))).toBe(true);
});

test("observed columns and dates color the map, by an address, too", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  const select = page.locator("#color-by");
  await expect(select.locator("optgroup")).toHaveCount(3);
  await expect(select.locator('optgroup[label="Observed"] option')).toHaveText(["height", "<b>wide</b>", "age", "mass"]);
  await select.selectOption({ label: "mass" });
  await expect(page.getByRole("img", { name: "Colors from 0 to 6" })).toBeVisible();
  await expect.poll(() => decodeURIComponent(page.url())).toContain("by=@observed:3");
  await page.reload();
  await ready(page);
  await expect(select).toHaveValue("@observed:3");
  await expect(page.getByRole("img", { name: "Colors from 0 to 6" })).toBeVisible();
  await select.selectOption({ label: "since" });
  await expect(page.getByRole("img", { name: "Colors from 2024-01-07 to 2024-10-20" })).toBeVisible();
  await expect(page.locator("#find-column")).toBeHidden();
  for (const path of ["columns?q=&limit=21", "columns/observed%3A3", "columns/observed%3A3/values"]) expect(fake.asked).toContain(`GET /api/${path}`);
});

test("the sentences on measures are those of the server, warnings set off", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  await expect(page.locator(".verdict")).toHaveText("Fair for neighborhoods and for far distances.");
  await expect(page.locator(".say").first()).toContainText("Keeps 40 of 100 neighbors (random: 5.0).");
  await expect(page.locator(".say.warning").first()).toHaveText("Many rows that are near on the map are far apart in the data.");
});

test("two maps stand side by side, with what they have in common, from one address", async ({ page, fake }) => {
  await page.goto(`${fake.url}#beside=1`);
  await ready(page);
  await expect(page.getByRole("application")).toHaveCount(2);
  await expect(page.getByRole("meter", { name: "Neighbors shared" })).toHaveAttribute("aria-valuetext", "25\u202f%; random data would score 5.0\u202f%");
  await expect(page.getByText("3.8 are the same in both")).toBeVisible();
  expect(fake.asked).toContain("GET /api/maps/2/compare/1");
  // The other map is this one in a mirror: laid onto it, no row lies elsewhere.
  const [here, there] = await page.evaluate(() => [window.explorer.place(7)!, window.explorer.placeBeside(7)!]);
  expect(Math.hypot(here![0] - there![0], here![1] - there![1])).toBeLessThan(1);
  await page.keyboard.press("s");
  await expect(page.getByRole("application")).toHaveCount(1);
  await expect.poll(() => page.url()).not.toContain("beside");
});

test("a grid is asked for, and is there after a reload", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  await page.getByRole("button", { name: "Compare values" }).click();
  await page.getByRole("textbox", { name: "Perplexity" }).fill("10, 30");
  await page.getByRole("button", { name: "Learn these" }).click();
  const cells = page.getByRole("region", { name: "Maps for several values" }).getByRole("listitem");
  await expect(cells).toHaveCount(2);
  expect(fake.grid).toEqual({ method: "tsne", params: {}, vary: "perplexity", values: [10, 30] });
  await expect.poll(() => page.url()).toContain("grid=1");
  await page.reload();
  await expect(cells.nth(0).getByRole("button")).toHaveAccessibleName(/Perplexity 10 kept 20/);
  await cells.nth(0).getByRole("button").click();
  await expect(page.locator(".what")).toContainText("perplexity 10");
});

test("groups and stability of a map come from the server", async ({ page, fake }) => {
  await page.goto(`${fake.url}#row=4`);
  await ready(page);
  await page.getByRole("button", { name: /64 % of their true neighbors are outside the group \(random: 67 %\)/ }).click();
  await expect.poll(() => page.evaluate(() => window.explorer.rows?.length)).toBe(100);
  await page.getByRole("button", { name: /^Refit 5 times/ }).click();
  await expect(page.getByRole("progressbar", { name: "Testing stability" })).toHaveAttribute("aria-valuenow", "33");
  expect(fake.again).toEqual({ map: 2 });
  Object.assign(fake.state, { phase: "done", again: null, maps_version: 3 });
  fake.tell();
  await expect(page.getByRole("meter", { name: "Same on resampled rows" })).toHaveAttribute("aria-valuenow", "0.5");
  await page.goto(`${fake.url}?again#row=4&by=%40draws`);
  await expect(page.getByRole("img", { name: "Colors from 0\u202f% to 90\u202f%" })).toBeVisible();
  await expect(page.locator("dd", { hasText: "not resampled" })).toBeVisible();
  await expect(page.locator("dd", { hasText: "40\u202f%" })).toBeVisible();
});

test("thumbnails come from the server in sheets", async ({ page, fake }) => {
  await page.goto(`${fake.url}#pictures=always`);
  await ready(page);
  await expect.poll(() => page.evaluate(() => window.explorer.pictures)).toBeGreaterThan(100);
  expect(fake.asked.filter((a) => a.startsWith("GET /api/pictures")).length).toBeLessThan(5);
});

test("a refusal is told in the server's words", async ({ page, watch, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  await page.getByRole("spinbutton", { name: "Perplexity" }).fill("500");
  await page.getByRole("button", { name: "Refit", exact: true }).click();
  await expect(page.locator("form .failure")).toContainText("perplexity: 500 is too large for 300 rows; it is at most 99.");
  await expect(page.locator("form .failure")).toContainText("Smaller values show finer structure.");
  watch.errors.length = 0; // the browser tells of the 400 by itself
});

test("a server that goes away is told of, and found again", async ({ page, watch, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  fake.move();
  await page.waitForFunction(() => window.explorer.version === 2);
  await fake.stop();
  await expect(page.getByRole("alert")).toContainText("No connection", { timeout: 8000 });
  fake.state.name = "back again";
  fake.state.map = { version: 1, dims: 2 };
  await fake.start();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("back again", { timeout: 15000 });
  await expect(page.getByText("No connection")).toBeHidden();
  // Its versions begin anew, and are believed.
  await page.waitForFunction(() => window.explorer.version === 1);
  watch.errors.length = 0; // the browser tells of refused connections by itself
});

test("what is shipped holds no test data, no inline script or style, and stays small", async () => {
  const html = readFileSync(`${DIST}index.html`, "utf8");
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son\w+=/i);
  const { gzipSync } = await import("node:zlib");
  let size = 0;
  for (const file of readdirSync(`${DIST}assets`)) {
    const data = readFileSync(`${DIST}assets/${file}`);
    if (file.endsWith(".woff2")) continue;
    const bytes = gzipSync(data).length;
    // What the document names is loaded at once; the parts of a room when it is shown.
    if (html.includes(file)) size += bytes;
    else expect(bytes, file).toBeLessThan(15_000);
    expect(data.toString()).not.toContain("Handwritten digits");
    expect(data.toString()).not.toContain("window.pwned");
  }
  expect(size).toBeLessThan(150_000);
});

test("tells programs what is selected, and shows what they select", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  fake.select([3, 4, 5]);
  await expect(page.locator("#selection-title")).toContainText("3 selected");
  // What sets them apart is asked of the server; names from data stay text.
  await expect(page.getByRole("region", { name: "What sets it apart" })).toContainText("label = <b>b</b>");
  await expect(page.getByRole("button", { name: /^height \+0\.50 4 here, 2 elsewhere/ })).toBeVisible();
  fake.select([7]);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(7);
  expect(fake.asked).not.toContain("POST /api/selection"); // what a program selected it knows
  await page.keyboard.press("Escape");
  await expect.poll(() => fake.selected).toEqual([]);
});

test("tells programs what is shown, and shows what they ask for", async ({ page, fake }) => {
  await page.goto(fake.url);
  await ready(page);
  await page.locator("#color-by").selectOption("price");
  await expect.poll(() => fake.view.place).toBe("by=price");
  // Another color is another color; another camera is looked through after a moment.
  fake.show({ place: "by=since" });
  await expect(page.locator("#color-by")).toHaveValue("since");
  fake.show({ place: "by=label&view=0_0_0.5_0_0&row=4" });
  // The page loads anew: what is asked of it meanwhile has no answer.
  await expect.poll(() => page.evaluate(() => window.explorer?.row).catch(() => null)).toBe(4);
  await expect(page.locator("#color-by")).toHaveValue("label");
  expect(page.url()).toContain("view=0_0_0.5_0_0");
  fake.show({ sets: { mine: [1, 2, 3] } });
  await page.getByRole("button", { name: /^mine/ }).click();
  await expect(page.locator("#selection-title")).toContainText("3 selected");
  await page.getByRole("button", { name: "Keep as set" }).click();
  await page.keyboard.press("Enter");
  await expect.poll(() => Object.keys(fake.view.sets)).toEqual(["mine", "Set 1"]);
  expect(fake.pictured).toBe(0); // a page of its own needs no picture
});

test("a page in a notebook leaves a picture of its map", async ({ page, fake }) => {
  await page.setContent(`<iframe src="${fake.url}#by=price" style="position: fixed; inset: 0; width: 100%; height: 100%"></iframe>`);
  await page.frameLocator("iframe").locator("#color-by").selectOption("label");
  await expect.poll(() => fake.pictured, { timeout: 15_000 }).toBeGreaterThan(5_000);
  expect(fake.view.place).toBe("by=label");
});
