// Everything by keyboard: keys work wherever the focus is, and the focus goes where something opened.
import { expect, open, ready, rest, SERVER, test } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");
test.beforeEach(({ page }) => page.emulateMedia({ reducedMotion: "reduce" }));

test("Enter on the map chooses the point nearest to its middle; the focus goes to the row and back", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  await page.locator(".map").focus();
  const middle = await page.evaluate(() => {
    const box = document.querySelector(".map")!.getBoundingClientRect();
    const far = (row: number) => Math.hypot(window.explorer.place(row)![0] - box.width / 2, window.explorer.place(row)![1] - box.height / 2);
    return Array.from({ length: 600 }, (_, row) => row).sort((a, b) => far(a) - far(b))[0]!;
  });
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(middle);
  await expect(page.locator("#row-title")).toBeFocused();
  // Its neighbors are one stop, within which arrows go.
  const among = () => page.evaluate(() => document.activeElement!.closest("#neighbors") !== null);
  for (let i = 0; i < 12 && !(await among()); i++) await page.keyboard.press("Tab");
  await expect(page.locator("#neighbors button").nth(0)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("#neighbors button").nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).not.toBe(middle);
  await expect(page.locator("#row-title")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("#row-title")).toHaveCount(0);
  await expect(page.locator(".map")).toBeFocused();
});

test("the points in view are selected by a key, and the table opened by one has the focus", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  await page.locator(".map").focus();
  await page.keyboard.press("v");
  await expect.poll(() => page.evaluate(() => window.explorer.rows?.length)).toBe(600);
  await expect(page.locator("#selection-title")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator(".map")).toBeFocused();
  for (let i = 0; i < 4; i++) await page.keyboard.press("+");
  await rest(page);
  await page.keyboard.press("v");
  const few = await page.evaluate(() => window.explorer.rows!.length);
  expect(few).toBeGreaterThan(0);
  expect(few).toBeLessThan(600);
  await page.keyboard.press("Escape");
  await page.keyboard.press("r");
  await expect(page.locator(".drawer h2")).toBeFocused();
  await page.keyboard.press("r");
  await expect(page.locator(".map")).toBeFocused();
});

test("shortcuts work wherever the focus is, except in text fields", async ({ page }) => {
  await open(page, "n=600", "row=7");
  await ready(page);
  const trust = page.getByRole("switch", { name: "Fade points whose neighbors were lost" });
  for (const at of [page.locator("#neighbors button").first(), page.locator(".measure summary").first(), page.getByRole("button", { name: "Share" }), trust]) {
    await at.focus();
    await page.keyboard.press("t");
    await expect(trust).toBeChecked();
    await page.keyboard.press("t");
    await expect(trust).not.toBeChecked();
  }
  await page.locator("#color-by").focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.locator("#param-perplexity").focus();
  await page.keyboard.press("t");
  await expect(trust).not.toBeChecked();
});

test("what a parameter means is told without a mouse", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  await page.locator("#param-perplexity").focus();
  await expect(page.locator("#param-help")).toContainText(/neighbor/i);
  await expect(page.locator("#param-perplexity")).toHaveAccessibleDescription(/neighbor/i);
});

test("the legend is one tab stop, within which arrows go", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  const entries = page.locator("ul.legend button");
  await entries.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(entries.nth(2)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(entries.nth(2)).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("End");
  await expect(entries.nth(9)).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement!.closest("ul.legend"))).toBeNull();
  expect(await entries.evaluateAll((all) => all.filter((b) => (b as HTMLElement).tabIndex === 0).length)).toBe(1);
});

test("what a title explains to a mouse, the focus tells the keyboard", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  const tip = page.getByText("Two maps side by side (s)");
  await page.locator("#search").focus();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Regular expression" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Compare", exact: true })).toBeFocused();
  await expect(tip).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(tip).toBeHidden();
});
