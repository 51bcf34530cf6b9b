// The room of axes: dimensions, weights, biplot and sliders, on made-up dimensions.
import axe from "axe-core";
import { expect, open, type Page, ready, SERVER, test } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");
test.beforeEach(async ({ page }) => page.emulateMedia({ reducedMotion: "reduce" }));

async function shown(page: Page, query: string, hash = ""): Promise<void> {
  await open(page, `n=600&${query}`, `page=axes${hash}`);
  await page.waitForFunction(() => window.explorer?.page === "axes" && window.explorer.axes.codes.length > 0);
}
const dimension = (page: Page, at: number) => page.getByRole("listbox", { name: /component/ }).getByRole("option").nth(at);
const bars = (page: Page) => page.getByRole("list", { name: /^(Loadings|Weights) of component/ }).getByRole("listitem");
const slider = (page: Page, at: number) => page.getByRole("slider", { name: `component ${at}`, exact: true });
/** Moves a slider as far as a hand would. */
async function drag(page: Page, at: number, share: number): Promise<void> {
  const box = (await slider(page, at).boundingBox())!;
  await page.mouse.click(box.x + 8 + share * (box.width - 16), box.y + box.height / 2);
}

test("the map comes first, a button and a key go to the axes, and the address keeps what was chosen", async ({ page }) => {
  await open(page, "n=600&axes=5");
  await ready(page);
  await page.getByRole("button", { name: "Axes", exact: true }).click();
  await expect(page.getByText("PCA of 600 x 5, 5 components").or(page.getByText("PCA of 600 x 6, 5 components"))).toBeVisible();
  await dimension(page, 2).click();
  await expect(page.locator("#dimension-title")).toContainText("Component 3");
  await page.keyboard.press(".");
  await expect(page.locator("#dimension-title")).toContainText("Component 4");
  await expect.poll(() => page.url()).toContain("axes=3.1");
  await page.reload();
  await expect(page.locator("#dimension-title")).toContainText("Component 4");
  expect(await page.evaluate(() => window.explorer.axes.up)).toBe(1);
  await page.keyboard.press("d");
  await ready(page);
  // Dimensions are columns to color by.
  await expect(page.locator("#color-by option", { hasText: "component 2" })).toHaveCount(1);
});

test("loadings are bars to both sides, the largest first, with what the dimension explains", async ({ page }) => {
  await shown(page, "axes=5");
  await expect(page.getByText("90\u202f% of the variance")).toBeVisible();
  await expect(dimension(page, 0)).toHaveAccessibleName(/^component 1, \d+.% of the variance$/);
  await expect(bars(page)).toHaveCount(6);
  const values = (await bars(page).locator(".value").allTextContents()).map((text) => Number(text.replace("−", "-")));
  expect(values).toEqual([...values].sort((a, b) => b - a));
  expect(await bars(page).locator("i.less").count()).toBe(values.filter((v) => v < 0).length);
  // The other dimension of the biplot makes room.
  await dimension(page, 1).click();
  expect(await page.evaluate(() => window.explorer.axes)).toMatchObject({ across: 1, up: 0 });
  await page.getByLabel("Up").selectOption("4");
  expect(await page.evaluate(() => window.explorer.axes)).toMatchObject({ across: 1, up: 4 });
});

test("sliders decode as they move, and go back to where they started", async ({ page }) => {
  await shown(page, "axes=5");
  const values = page.locator("dl[aria-label='Decoded values']");
  await expect(values.locator("dd.change").filter({ hasText: /\d/ })).toHaveCount(0);
  const before = await values.locator("dd").first().textContent();
  await drag(page, 1, 0.9);
  await expect(values.locator("dd").first()).not.toHaveText(before!);
  await expect(values.locator("dd.change").first()).toHaveText(/^[+−][\d.]+$/);
  // By keys, too.
  const at = Number(await slider(page, 2).inputValue());
  await slider(page, 2).focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => Number(await slider(page, 2).inputValue())).toBeGreaterThan(at);
  await page.getByRole("button", { name: "Reset" }).click();
  await expect(values.locator("dd").first()).toHaveText(before!);
  await expect(page.getByRole("button", { name: "Reset" })).toBeDisabled();
});

test("a chosen row is where the sliders start, and its observation stands beside what it decodes to", async ({ page }) => {
  await shown(page, "axes=5&kind=images");
  const mean = await page.evaluate(() => window.explorer.axes.codes[0]!);
  await page.waitForFunction(() => window.explorer.biplotPlace(7) !== null);
  await page.getByRole("button", { name: /^Row \d+, / }).first().click();
  const row = await page.evaluate(() => window.explorer.row);
  await expect(page.getByRole("button", { name: `Row ${row}`, exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect.poll(() => page.evaluate(() => window.explorer.axes.codes[0])).toBeLessThan(mean);
  await expect(page.getByRole("img", { name: `Row ${row}` })).toBeVisible();
  await page.getByRole("button", { name: "Mean", exact: true }).click();
  await expect.poll(() => page.evaluate(() => window.explorer.axes.codes[0])).toBe(mean);
  expect(await page.evaluate(() => window.explorer.row)).toBeNull();
  // A point of the biplot is a row.
  const [x, y] = (await page.evaluate(() => window.explorer.biplotPlace(7)))!;
  const box = (await page.getByRole("application", { name: /^Biplot of 600 rows/ }).boundingBox())!;
  await page.mouse.click(box.x + x, box.y + y);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).not.toBeNull();
});

test("curves are drawn over their axis: loadings, what moving does, and the decoded row", async ({ page }) => {
  await shown(page, "axes=4&kind=curve&axis=wavelength");
  const loadings = page.getByRole("slider", { name: /^Loadings of component 1/ });
  await expect(loadings.getByText("wavelength (nm)")).toBeVisible();
  await expect(page.getByRole("slider", { name: /^Decoded along component 1/ }).locator("path.line")).toHaveCount(3);
  await drag(page, 1, 0.95);
  await expect(page.getByRole("slider", { name: /^Decoded curve/ }).locator("path.line")).toHaveCount(2);
  await expect(page.locator(".dimension .spark path[d^=M]")).toHaveCount(4);
});

test("pictures show what a dimension is made of; parts are never negative; one dimension has no biplot", async ({ page }) => {
  await shown(page, "axes=14&kind=images&parts=1");
  await expect(page.getByText("a row is a sum of parts")).toBeVisible();
  await expect(page.locator(".strip canvas")).toHaveCount(5);
  await expect(page.locator(".slider")).toHaveCount(12);
  await page.getByRole("button", { name: "Show 2 more of 2" }).click();
  await expect(page.locator(".slider")).toHaveCount(14);
  await shown(page, "axes=1");
  await expect(page.getByRole("application", { name: /^Biplot/ })).toBeHidden();
  await expect(slider(page, 1)).toBeVisible();
});

test("names of columns stay text", async ({ page }) => {
  await shown(page, "axes=3&hostile=1");
  await expect(bars(page).first()).toBeVisible();
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
});

for (const scheme of ["light", "dark"] as const)
  test(`the room is readable and named in ${scheme}, wide and narrow`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const size of [{ width: 1440, height: 900 }, { width: 400, height: 800 }])
      for (const query of ["axes=5", "axes=5&kind=images", "axes=3&kind=curve&axis=wavelength"]) {
        await page.setViewportSize(size);
        await shown(page, query, "&row=7");
        await expect(page.locator("#dimension-title")).toBeVisible();
        await page.waitForTimeout(200);
        await page.evaluate(axe.source);
        const found = await page.evaluate(() => (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
        expect(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`), `${query} ${size.width}`).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), query).toBeLessThanOrEqual(size.width);
      }
  });
