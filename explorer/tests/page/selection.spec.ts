// Selections: what sets them apart, how they are changed, kept and taken along.
import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import axe from "axe-core";
import { open, ready, rest, test, visibleRow } from "./harness.ts";

/** Drags around a part of the map, in shares of its width and height. */
async function draw(page: Page, [x0, y0, x1, y1]: [number, number, number, number], key?: "Shift" | "Alt"): Promise<number[]> {
  const box = (await page.locator(".map").boundingBox())!;
  const to = (x: number, y: number) => page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 4 });
  if (key) await page.keyboard.down(key);
  await to(x0, y0);
  await page.mouse.down();
  for (const [x, y] of [[x1, y0], [x1, y1], [x0, y1]] as const) await to(x, y);
  await page.mouse.up();
  if (key) await page.keyboard.up(key);
  await rest(page);
  return page.evaluate(() => window.explorer.rows ?? []);
}

test("a lasso adds with shift, subtracts with alt, and the rest is one click away", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  const first = await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
  expect(first.length).toBeGreaterThan(50);
  const both = await draw(page, [0.4, 0.15, 0.9, 0.5], "Shift");
  expect(both.length).toBeGreaterThan(first.length);
  expect(both).toEqual([...both].sort((a, b) => a - b));
  expect(first.every((row) => both.includes(row))).toBe(true);
  const less = await draw(page, [0.1, 0.15, 0.3, 0.6], "Alt");
  expect(less.length).toBeLessThan(both.length);
  expect(less.every((row) => both.includes(row))).toBe(true);
  // The same by buttons, for those who cannot hold a key.
  await page.getByRole("button", { name: "Subtract" }).click();
  const fewer = await draw(page, [0.4, 0.15, 0.6, 0.6]);
  expect(fewer.length).toBeLessThan(less.length);
  await page.getByRole("button", { name: "Invert" }).click();
  expect(await page.evaluate(() => window.explorer.rows!.length)).toBe(1000 - fewer.length);
});

test("rows that are not selected fade, and can still be pointed at", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  const rows = await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
  const colorful = () => page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".map canvas.points")!;
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const g = copy.getContext("2d")!;
    g.drawImage(canvas, 0, 0);
    /** Pixels of a color between two shares of the width. */
    const colored = (from: number, to: number) => {
      const { data } = g.getImageData(Math.floor(from * copy.width), 0, Math.floor((to - from) * copy.width), copy.height);
      let many = 0;
      for (let i = 0; i < data.length; i += 4) if (Math.max(data[i]!, data[i + 1]!, data[i + 2]!) - Math.min(data[i]!, data[i + 1]!, data[i + 2]!) > 60) many++;
      return many;
    };
    // The panel that opened takes room at the right.
    return [colored(0, 0.6), colored(0.7, 1)] as const;
  });
  const [left, right] = await colorful();
  expect(left).toBeGreaterThan(300);
  expect(right).toBeLessThan(left / 20);
  const other = await page.evaluate((rows) => Array.from({ length: 1000 }, (_, row) => row).find((row) => !rows.includes(row) && window.explorer.place(row)![0] > 0)!, rows);
  const { x, y } = await visibleRow(page, other);
  await page.mouse.move(x, y);
  await expect(page.locator(".tip")).toBeVisible();
});

test("what sets a selection apart is told with its size, and a finding colors the map", async ({ page }) => {
  await open(page, "n=1000&kind=images");
  await ready(page);
  await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
  const section = page.getByRole("region", { name: "What sets it apart" });
  await expect(section).toHaveAttribute("aria-busy", "false");
  await expect(section.getByText("Mean here")).toBeVisible();
  await expect(section.getByText("Difference")).toBeVisible();
  const width = section.getByRole("button", { name: /^stroke width −0\.\d\d [\d.]+ here, [\d.]+ elsewhere/ });
  await width.click();
  await expect(page.locator("#color-by")).toHaveValue("stroke width");
  await expect(section.getByRole("button", { name: /^digit = 4 \+0\.\d\d \d+.% here/ })).toBeVisible();
});

test("a selection kept as a set is shown again, compared, and there after a reload", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  const first = await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
  await page.getByRole("button", { name: "Keep as set" }).click();
  await page.getByLabel("Name of the set").fill("left ones");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Invert" }).click();
  await page.getByRole("button", { name: "Compare the selection with left ones" }).click();
  await expect(page.getByRole("combobox", { name: "Compared with" })).toHaveValue("left ones");
  await expect(page.getByRole("region", { name: "What sets it apart" }).getByText(/ there$/).first()).toBeVisible();
  await page.reload();
  await ready(page);
  await page.getByRole("button", { name: /^left ones/ }).click();
  expect(await page.evaluate(() => window.explorer.rows)).toEqual(first);
  await page.getByRole("button", { name: "Remove left ones" }).click();
  await expect(page.getByRole("region", { name: "Sets", exact: true })).toHaveCount(0);
});

test("selected rows are copied and saved", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, "n=1000");
  await ready(page);
  const rows = await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
  await page.getByRole("button", { name: "Copy rows" }).click();
  await expect(page.getByText(`${rows.length} rows copied as csv.`)).toBeVisible();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
  expect(lines.length).toBe(rows.length + 1);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as Parquet" }).click()]);
  expect(saved.suggestedFilename()).toBe("rows.parquet");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as csv" }).click()]);
  expect(readFileSync(await csv.path(), "utf8").split("\n")[1]).toBe(`${rows[0]},${await page.evaluate((row) => row, lines[1]!.split(",")[1])}`);
});

for (const scheme of ["light", "dark"] as const)
  test(`the panel of a selection is readable and named in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await open(page, "n=1000&kind=images");
    await ready(page);
    await draw(page, [0.1, 0.15, 0.45, 0.6], "Shift");
    await page.getByRole("button", { name: "Keep as set" }).click();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("region", { name: "What sets it apart" })).toHaveAttribute("aria-busy", "false");
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    expect(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`)).toEqual([]);
  });

test("all rows have no others to be compared with", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  await page.keyboard.press("v");
  await expect.poll(() => page.evaluate(() => window.explorer.rows?.length)).toBe(1000);
  await expect(page.getByText("All rows are selected: there are no others to compare them with.")).toBeVisible();
  await expect(page.getByText("Nothing sets it apart beyond chance.")).toHaveCount(0);
});
