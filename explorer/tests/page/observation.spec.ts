// What was observed of a row, drawn alike in the tip, the panel, the lists and the selection.
import axe from "axe-core";
import { expect, open, type Page, ready, rest, test, visibleRow } from "./harness.ts";

/** Selects the rows in view. */
async function select(page: Page): Promise<void> {
  await page.locator(".map").focus();
  await page.keyboard.press("v");
  await expect.poll(() => page.evaluate(() => window.explorer.rows?.length ?? 0)).toBeGreaterThan(0);
  await rest(page);
}
const violations = async (page: Page) => {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`);
};

test("a curve stands over its wavelengths, is read out by pointer and keys, and its neighbors are shown and hidden", async ({ page }) => {
  await open(page, "n=400&kind=curve&axis=wavelength", "row=7");
  await ready(page);
  const curve = page.getByRole("slider", { name: "Curve of row 7" });
  await expect(curve).toHaveAttribute("aria-valuetext", /^300 columns, from wavelength 400.nm to wavelength 998.nm$/);
  await expect(curve.getByText("wavelength (nm)")).toBeVisible();
  await expect(curve.locator("text").filter({ hasText: /^600$/ })).toBeVisible();
  await expect(curve.locator("path.line.near")).toHaveCount(15);
  // By keys.
  await curve.focus();
  await page.keyboard.press("ArrowRight");
  await expect(curve).toHaveAttribute("aria-valuetext", /^wavelength 400.nm: −?[\d.]+$/);
  await page.keyboard.press("PageUp");
  await expect(curve).toHaveAttribute("aria-valuetext", /^wavelength 460.nm: −?[\d.]+$/);
  await page.keyboard.press("End");
  await expect(curve).toHaveAttribute("aria-valuetext", /^wavelength 998.nm: −?[\d.]+$/);
  await expect(page.getByRole("button", { name: /^Its 15 nearest −?[\d.]+ to −?[\d.]+$/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(curve.locator(".readout")).toHaveCount(0);
  expect(await page.evaluate(() => window.explorer.row)).toBe(7); // Esc let go of the read-out alone
  // By the pointer.
  const box = (await curve.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80);
  await expect(curve.locator(".readout")).toHaveText(/^wavelength 7\d\d.nm: −?[\d.]+$/);
  await expect(curve.locator("circle")).toHaveCount(1);
  await page.getByRole("button", { name: /^Its 15 nearest/ }).click();
  await expect(curve.locator("path.line.near")).toHaveCount(0);
  await expect(curve.locator("path.line.own")).toHaveCount(1);
});

test("the mean of the selection with its band stands in the selection and behind a row of it", async ({ page }) => {
  await open(page, "n=400&kind=curve&axis=dates", "rows=1.2.3.4.5.6.7.8");
  await ready(page);
  const mean = page.getByRole("slider", { name: "Mean curve of the selection" });
  await expect(mean.locator("path.line")).toHaveCount(2);
  await expect(mean.locator("path.band")).toHaveCount(1);
  await expect(mean.locator("text").filter({ hasText: /^2020-\d\d$/ }).first()).toBeVisible();
  await page.locator(".rows button").nth(1).click();
  const curve = page.getByRole("slider", { name: "Curve of row 2" });
  await expect(curve.locator("path.line.mean")).toHaveCount(1);
  await expect(curve.locator("path.band.mean")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Mean of the 8 selected" })).toHaveAttribute("aria-pressed", "true");
  await curve.focus();
  await page.keyboard.press("Home");
  await expect(page.getByRole("button", { name: /^Mean of the 8 selected −?[\d.]+ ± [\d.]+$/ })).toBeVisible();
  await expect(curve).toHaveAttribute("aria-valuetext", /^2020-01-01: /);
});

for (const [kind, inTip, inList] of [
  ["images", "img", "img"],
  ["curve", ".spark path[d^=M]", ".spark path[d^=M]"],
  ["counts", "dl dd", "span.clip.small"],
  ["table", "dl dd", "span.clip.small"],
  ["text", ".words", ".words"],
] as const)
  test(`one component draws ${kind} in tip, neighbors, selection and panel`, async ({ page }) => {
    await open(page, `n=400&kind=${kind}`, `row=7${kind === "text" ? "&name=writer" : ""}`);
    await ready(page);
    await expect(page.locator("#neighbors button").first().locator(inList)).toHaveCount(1);
    const panel = { images: "img.as-panel", curve: ".curve path.line.own", counts: "details dd", table: "details dd", text: "[role=group][aria-label=text]" }[kind];
    await expect(page.getByRole("region", { name: /^Row 7/ }).locator(panel).first()).toBeVisible();
    const { x, y } = await visibleRow(page, 20);
    await page.mouse.move(x, y);
    await expect(page.locator(".tip").locator(inTip).first()).toBeVisible();
    await select(page);
    await expect(page.locator(".rows button").first().locator(inList)).toHaveCount(1);
  });

test("words of counts are told with their names, the most frequent first", async ({ page }) => {
  await open(page, "n=400&kind=counts", "row=7");
  await ready(page);
  const row = page.getByRole("region", { name: /^Row 7/ });
  await expect(row.getByText(/^The 12 most frequent of its \d+ words$/)).toBeVisible();
  await expect(row.locator("details dt").first()).toHaveText(/^word\d+$/);
  const counts = (await row.locator("details dd").allTextContents()).map(Number);
  expect(counts).toHaveLength(12);
  expect(counts).toEqual([...counts].sort((a, b) => b - a));
});

test("pictures stand in a grid with their names; arrows go from one to the next", async ({ page }) => {
  await open(page, "n=400&kind=images", "rows=3.4.5.6.7.8");
  await ready(page);
  const rows = page.locator(".rows button");
  await expect(rows).toHaveCount(6);
  await expect(rows.first()).toHaveText(/writer \d+$/);
  await rows.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(4);
  await expect(page.locator("#neighbors button").first()).toHaveAccessibleName(/^row \d+, writer \d+ ?, \d distance [\d.]+/);
});

for (const scheme of ["light", "dark"] as const)
  test(`curves and lists are readable and named in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const [query, hash] of [["n=300&kind=curve&axis=wavelength", "row=7"], ["n=300&kind=curve", "rows=1.2.3.4.5"], ["n=300&kind=counts", "row=7"], ["n=300", "row=7"], ["n=300", "rows=1.2.3.4.5"]] as const) {
      await open(page, query, hash);
      await ready(page);
      await expect(page.getByRole("region", { name: "What sets it apart" }).or(page.locator("#near-title")).first()).toBeVisible();
      await page.waitForTimeout(300);
      expect(await violations(page), `${query} ${hash}`).toEqual([]);
    }
  });
