// The columns on the page: ramps and histograms, filters of several columns, the legend, names on the map.
import { expect, open, type Page, pixels, ready, rest, test } from "./harness.ts";

const points = (page: Page) => page.locator("#chip");
const handle = (page: Page, name: string) => page.getByRole("slider", { name });

test("numbers run from the 2nd to the 98th percentile, skewed ones on a log scale; handles filter by keyboard and mouse", async ({ page }) => {
  await open(page, "n=1000&typed=1");
  await ready(page);
  await page.locator("#color-by").selectOption({ label: "price" });
  await expect(page.getByRole("img", { name: /^Colors from .*, log scale$/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Histogram of price/ })).toBeVisible();
  const low = handle(page, "Show from");
  await expect(low).toHaveAttribute("aria-valuetext", "from the least");
  await low.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
  await expect(low).toHaveAttribute("aria-valuenow", "3");
  await expect(page.getByRole("list", { name: "Filters" }).getByRole("listitem").first()).toHaveText(/price at least/);
  await expect(points(page)).toHaveText(/^\d+ of 1,000 points$/);
  await page.keyboard.press("Home");
  await expect(points(page)).toHaveText("1,000 points");
  // The mouse takes the nearest handle.
  const box = (await page.locator(".histogram").boundingBox())!;
  await page.mouse.move(box.x + 0.9 * box.width, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(handle(page, "Show up to")).toHaveAttribute("aria-valuenow", "24");
  await expect.poll(() => decodeURIComponent(page.url())).toMatch(/only=price:_\d/);
  await page.waitForTimeout(400); // the address follows a little later
  const url = page.url();
  const shown = await points(page).textContent();
  await open(page, "n=1000&typed=1", new URL(url).hash.slice(1));
  await ready(page);
  await expect(points(page)).toHaveText(shown!);
});

test("years are told as years, dates as dates, and rows without a value can be filtered", async ({ page }) => {
  await open(page, "n=1000&typed=1", "by=year");
  await ready(page);
  await expect(page.getByRole("img", { name: /^Colors from 1[78]\d\d to 19\d\d$/ })).toBeVisible();
  const missing = page.getByRole("button", { name: /^\d+ rows without a value \(grey\)$/ });
  const many = (await missing.textContent())!.split(" ")[0]!;
  await missing.click();
  await expect(points(page)).toHaveText(`${many} of 1,000 points`);
  await expect(page.getByRole("list", { name: "Filters" })).toContainText("no value");
  await missing.click();
  await page.locator("#color-by").selectOption({ label: "written" });
  await expect(page.getByRole("img", { name: /^Colors from 2022-\d\d-\d\d to 202\d-\d\d-\d\d$/ })).toBeVisible();
  await page.locator("#color-by").selectOption({ label: "grade" });
  await page.getByRole("button", { name: /rows without a value/ }).click();
  await expect.poll(() => decodeURIComponent(page.url())).toContain("only=grade:none");
});

test("filters of several columns combine, stay when the color changes, and Esc takes the last away", async ({ page }) => {
  await open(page, "n=1000&typed=1");
  await ready(page);
  await page.locator(".legend button").nth(2).click();
  const one = Number((await points(page).textContent())!.split(" ")[0]);
  await page.locator("#color-by").selectOption({ label: "price" });
  const chips = page.getByRole("list", { name: "Filters" }).getByRole("listitem").filter({ has: page.getByRole("button", { name: /^Take the filter/ }) });
  await expect(chips).toHaveText(["digit 2"]);
  await expect(points(page)).toHaveText(`${one} of 1,000 points`);
  await handle(page, "Show from").focus();
  await page.keyboard.press("PageUp");
  await page.keyboard.press("PageUp");
  await expect(chips).toHaveCount(2);
  const both = Number((await points(page).textContent())!.split(" ")[0]);
  expect(both).toBeLessThan(one);
  // A row that is filtered away is neither picked nor lassoed.
  await page.locator(".map").focus();
  await rest(page);
  const hidden = await page.evaluate(() => {
    const { explorer } = window;
    const box = document.querySelector(".map")!.getBoundingClientRect();
    const found = new Set<number>();
    for (let x = 0; x < box.width; x += 4) for (let y = 0; y < box.height; y += 4) found.add(explorer.rowAt(x, y));
    found.delete(-1);
    return found.size;
  });
  expect(hidden).toBeGreaterThan(0);
  expect(hidden).toBeLessThanOrEqual(both);
  const box = (await page.locator(".map").boundingBox())!;
  await page.keyboard.press("l");
  await page.mouse.move(box.x + 5, box.y + 60);
  await page.mouse.down();
  for (const [x, y] of [[box.width - 5, 60], [box.width - 5, box.height - 5], [5, box.height - 5], [5, 60]] as const) await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
  await page.mouse.up();
  await expect.poll(() => page.evaluate(() => window.explorer.rows?.length ?? 0)).toBeGreaterThan(0);
  expect(await page.evaluate(() => window.explorer.rows!.length)).toBeLessThanOrEqual(both);
  await page.keyboard.press("Escape"); // the selection first
  await expect(chips).toHaveCount(2);
  // What is shown can be selected, and is what the table lists.
  await page.getByRole("button", { name: `Select ${both}` }).click();
  expect(await page.evaluate(() => window.explorer.rows!.length)).toBe(both);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Rows shown" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Rows" })).toHaveAttribute("aria-rowcount", String(both + 1));
  await page.getByRole("region", { name: "Table of rows" }).getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("Escape");
  await expect(chips).toHaveText(["digit 2"]);
  await page.getByRole("button", { name: "Take the filter of digit away" }).click();
  await expect(chips).toHaveCount(0);
  await expect(points(page)).toHaveText("1,000 points");
});

test("an entry of the legend that is pointed at lights its points, and filters nothing", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  const before = await pixels(page);
  const entry = page.locator(".legend button").nth(3);
  await entry.hover();
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(false);
  await expect(points(page)).toHaveText("1,000 points");
  await page.mouse.move(5, 5);
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(true);
  await page.locator(".legend button").nth(2).focus();
  await page.keyboard.press("ArrowDown");
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(false);
});

test("a click on a name on the map filters its category", async ({ page }) => {
  await open(page, "n=1000&cats=12");
  await ready(page);
  const at = await page.evaluate(() => {
    // A place of a name: no row can be chosen there, and the pointer says so.
    const map = document.querySelector(".map")!;
    const box = map.getBoundingClientRect();
    for (let y = 90; y < box.height - 90; y += 4)
      for (let x = 20; x < box.width - 20; x += 8) {
        map.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + x, clientY: box.top + y, pointerType: "mouse" }));
        if (map.classList.contains("pointing")) return [box.left + x + 6, box.top + y + 2] as const;
      }
    return null;
  });
  expect(at).not.toBeNull();
  await page.mouse.click(...at!);
  const chip = page.getByRole("list", { name: "Filters" }).getByRole("listitem").first();
  await expect(chip).toHaveText(/^digit class \d+ *$/);
  expect(await page.evaluate(() => window.explorer.row)).toBeNull();
});

test("categories beyond the palette have colors, are found by typing, and hold still", async ({ page }) => {
  await open(page, "n=4000&cats=60");
  await ready(page);
  const dot = (i: number) => page.locator(".legend button i").nth(i).evaluate((e) => getComputedStyle(e).backgroundColor);
  const colors = await Promise.all(Array.from({ length: 60 }, (_, i) => dot(i)));
  expect(new Set(colors).size).toBeGreaterThan(15);
  expect(colors.filter((c) => c === "rgb(150, 153, 160)")).toHaveLength(0);
  await page.getByRole("textbox", { name: "Find a category" }).fill("class 59");
  await expect(page.locator(".legend button")).toHaveCount(1);
  expect(await dot(0)).toBe(colors[58]);
});

test("rows are named by a column, in tip, row, neighbors, search and table; texts are paragraphs, values folded away", async ({ page }) => {
  await open(page, "n=400&kind=table&typed=1", "row=7&table=1");
  await ready(page);
  const by = page.locator("#name-by");
  await expect(by).toHaveValue("writer"); // the only text
  const title = page.locator("section[aria-labelledby=row-title] .name");
  await expect(title).toHaveText(/^writer \d+$/);
  await expect(page.locator("#neighbors button").first()).toHaveText(/writer \d+/);
  await expect(page.getByRole("columnheader", { name: "writer" })).toHaveCount(1);
  await expect(page.getByRole("table", { name: "Rows" }).getByRole("row").nth(8)).toContainText((await title.textContent())!);
  await expect(page.getByText("6 observed values")).toBeVisible();
  await by.selectOption({ label: "row number" });
  await expect(title).toBeHidden();
  await expect.poll(() => page.url()).toContain("name=");
  await expect(page.getByRole("columnheader", { name: "id", exact: true })).toBeVisible();
  await page.locator("#search").fill("writer 1");
  await expect(page.getByRole("listbox", { name: "Rows found" }).getByRole("option").first()).toContainText(/writer · \d+$/);
  // First words of a text, which is a paragraph of its own in the panel.
  await open(page, "n=400&kind=text", "row=29");
  await ready(page);
  await expect(by).toHaveValue("@observed:0");
  await expect(page.getByRole("group", { name: "text" })).toHaveCSS("text-align", "left");
  await expect(page.getByRole("group", { name: "text" })).toContainText("<b>little</b>");
  await expect(page.locator("#neighbors button").first()).toContainText(/Text \d+ says/);
});

test("where neighbors are searched is told, and their number and the metric can be changed", async ({ page }) => {
  await open(page, "n=400&kind=table", "row=7");
  await ready(page);
  await expect(page.getByRole("heading", { name: "Nearest in the data" })).toBeVisible();
  await expect(page.getByText(/distance over 6 columns/)).toBeVisible();
  await page.getByRole("combobox", { name: "Number of neighbors" }).selectOption("30");
  await expect(page.locator("#neighbors button")).toHaveCount(30);
  await page.getByRole("combobox", { name: "Metric" }).selectOption({ label: "cosine" });
  await expect(page.getByRole("combobox", { name: "Metric" })).toHaveValue("cosine");
  await expect(page.locator("#neighbors button")).toHaveCount(30);
  // An address keeps it.
  await expect.poll(() => page.url()).toMatch(/row=\d+.*k=30&metric=cosine/);
  await page.reload();
  await ready(page);
  await expect(page.getByRole("combobox", { name: "Number of neighbors" })).toHaveValue("30");
  await expect(page.getByRole("combobox", { name: "Metric" })).toHaveValue("cosine");
});

test("the groups of a map are a column to color and filter by, of each map its own", async ({ page }) => {
  await open(page, "n=600&takes=0.2");
  await ready(page);
  await page.locator("#color-by").selectOption({ label: "groups of the map" });
  await expect(page.locator(".legend button")).toHaveCount(10);
  await page.locator(".legend button").first().click();
  const many = (await page.locator(".legend button .count").first().textContent())!;
  await expect(points(page)).toHaveText(`${many} of 600 points`);
  await expect.poll(() => decodeURIComponent(page.url())).toContain("only=@groups:0");
});
