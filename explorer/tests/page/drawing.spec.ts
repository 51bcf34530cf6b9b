// How the rows of a map are drawn.
import axe from "axe-core";
import { expect, open, ready, rest, test } from "./harness.ts";

const MANY = 400_000;

test("far out density stands for points, said in the legend, and points come when one zooms in or chooses them", async ({ page }) => {
  test.setTimeout(90_000);
  await open(page, `n=${MANY}`);
  const told = page.getByText("Drawn as density");
  await expect(told).toBeVisible();
  await expect(told).toContainText("mix of categories");
  for (let i = 0; i < 14; i++) {
    await page.mouse.move(760, 350);
    await page.mouse.wheel(0, -150);
  }
  await expect(told).toBeHidden();
  await page.locator(".map").focus();
  await page.keyboard.press("f");
  await expect(told).toBeVisible();
  await page.getByRole("button", { name: "Layers" }).click();
  await page.getByRole("switch", { name: "Density where points overlap" }).uncheck();
  await expect(told).toBeHidden();
  await expect(page).toHaveURL(/points=1/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Layers of the map" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Layers" })).toBeFocused();
});

test("density is drawn while the map moves, and follows what is filtered", async ({ page }) => {
  test.setTimeout(90_000);
  await open(page, `n=${MANY}`);
  await expect(page.getByText("Drawn as density")).toBeVisible();
  const at = async (row: number) => (await page.evaluate((row) => window.explorer.place(row), row))!;
  /** The color of the density at a place of the map. */
  const seen = (x: number, y: number) =>
    page.evaluate(([x, y]) => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>(".map canvas")[1]!;
      const ratio = canvas.width / canvas.clientWidth;
      return [...canvas.getContext("2d")!.getImageData(Math.round(x! * ratio) - 2, Math.round(y! * ratio) - 2, 4, 4).data];
    }, [x, y]);
  const middle = await page.evaluate(() => [document.querySelector(".map")!.clientWidth / 2, document.querySelector(".map")!.clientHeight / 2]);
  const before = await seen(middle[0]!, middle[1]!);
  expect(before.filter((v, i) => i % 4 === 3 && v > 0).length).toBe(16);
  const row = await page.evaluate(([x, y]) => window.explorer.rowAt(x!, y!), middle);
  const place = await at(row);
  await page.locator(".map").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await at(row))[0]).toBeLessThan(place[0] - 50);
  const [x, y] = await at(row);
  expect((await seen(x, y)).filter((v, i) => i % 4 === 3 && v > 0).length).toBe(16);
  await page.getByRole("list", { name: /Legend/ }).getByRole("button", { name: /^6 / }).click();
  await expect(page.locator("#chip")).toContainText(" of 400,000 points");
  await expect.poll(async () => Math.max(...(await seen(x, y)).filter((_, i) => i % 4 === 3))).toBeLessThan(60);
});

test("contours are drawn of all points and of the selection, and are in the address", async ({ page }) => {
  await open(page, "n=3000");
  await ready(page);
  /** Pixels of what is drawn over the points. */
  const drawn = () =>
    page.evaluate(() => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>(".map canvas")[2]!;
      return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data.filter((v, i) => i % 4 === 3 && v > 0).length;
    });
  const before = await drawn();
  await page.getByRole("button", { name: "Layers" }).click();
  const contours = page.getByRole("switch", { name: "Contours of the density" });
  await expect(contours).not.toBeChecked();
  await contours.check();
  await expect(page.getByText("Lines enclose 25, 50, 75 and 95 % of the points.")).toBeVisible();
  await expect.poll(drawn).toBeGreaterThan(before + 5000);
  await expect(page).toHaveURL(/contours=1/);
  const all = await drawn();
  await page.keyboard.press("Escape");
  await page.locator(".map").focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  await rest(page);
  await page.keyboard.press("v");
  await page.keyboard.press("f");
  await rest(page);
  expect(Math.abs((await drawn()) - all)).toBeGreaterThan(300);
  await page.reload();
  await ready(page);
  await page.getByRole("button", { name: "Layers" }).click();
  await expect(contours).toBeChecked();
});

test("names of rows: more as one zooms in, in the same places while one pans, chosen by a click", async ({ page }) => {
  await open(page, "n=3000");
  await ready(page);
  await page.getByRole("button", { name: "Layers" }).click();
  await page.getByLabel("Names", { exact: true }).selectOption({ label: "Rows" });
  await page.getByLabel("Rows first by").selectOption("stroke width");
  await expect(page).toHaveURL(/names=rows.*rank=stroke/);
  await page.keyboard.press("Escape");
  await rest(page);
  const named = () => page.evaluate(() => window.explorer.named);
  const far = await named();
  expect(far.length).toBeGreaterThan(20);
  expect(far.length).toBeLessThan(400);
  // The widest strokes come first.
  await page.locator(".map").focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  await rest(page);
  const near = await named();
  const still = far.filter((row) => near.includes(row));
  expect(near.some((row) => !far.includes(row))).toBe(true);
  const places = await page.evaluate((rows) => rows.map((row) => window.explorer.place(row)!), far);
  const box = (await page.locator(".map").boundingBox())!;
  const inside = far.filter((_, i) => places[i]![0] > 5 && places[i]![0] < box.width - 5 && places[i]![1] > 30 && places[i]![1] < box.height - 5);
  expect(inside.length).toBeGreaterThan(3);
  expect(still).toEqual(expect.arrayContaining(inside));
  await page.keyboard.press("ArrowRight");
  await rest(page);
  const moved = await named();
  const both = near.filter((row) => moved.includes(row));
  expect(both.length).toBeGreaterThan(near.length / 3);
  const [x, y] = (await page.evaluate((row) => window.explorer.place(row), both[0]!))!;
  await page.mouse.click(box.x + x, box.y + y - 12);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(both[0]);
});

test("thumbnails stand for points when one zooms in, or at any zoom for up to 10,000 rows", async ({ page }) => {
  test.setTimeout(60_000);
  await open(page, "n=10000");
  await ready(page);
  const drawn = () => page.evaluate(() => window.explorer.pictures);
  expect(await drawn()).toBe(0);
  const place = (row: number) => page.evaluate((row) => window.explorer.place(row)!, row);
  const box = (await page.locator(".map").boundingBox())!;
  const middle = await page.evaluate(([x, y]) => window.explorer.rowAt(x!, y!), [box.width / 2, box.height / 2]);
  await page.locator(".map").focus();
  for (let i = 0; i < 7; i++) await page.keyboard.press("+");
  await expect.poll(drawn).toBeGreaterThan(5);
  expect(await drawn()).toBeLessThan(2000);
  await rest(page);
  // Its pixels: black paper or white ink within the border of its color.
  const [x, y] = await place(middle);
  const pixel = await page.evaluate(([x, y]) => {
    const canvas = document.querySelectorAll<HTMLCanvasElement>(".map canvas")[2]!;
    return [...canvas.getContext("2d")!.getImageData(Math.round(x!) - 6, Math.round(y!) - 6, 12, 12).data].filter((_, i) => i % 4 === 3);
  }, [x, y]);
  expect(pixel.every((alpha) => alpha === 255)).toBe(true);
  await page.keyboard.press("f");
  await expect.poll(drawn).toBe(0);
  await page.getByRole("button", { name: "Layers" }).click();
  await page.getByLabel("Thumbnails").selectOption("always");
  await expect.poll(drawn, { timeout: 20_000 }).toBe(10_000);
  await expect(page).toHaveURL(/pictures=always/);
  const spent = await page.evaluate(() => window.explorer.time(20));
  expect(spent.sort((a, b) => a - b)[10]!).toBeLessThan(250);
  // A filter leaves those of the rows that are shown.
  await page.keyboard.press("Escape");
  await page.getByRole("list", { name: /Legend/ }).getByRole("button", { name: /^6 / }).click();
  await expect.poll(drawn).toBeLessThan(2000);
  await page.getByRole("button", { name: "Layers" }).click();
  await page.getByLabel("Thumbnails").selectOption("never");
  await expect.poll(drawn).toBe(0);
});

test("more rows in view than can be thumbnails are said to be so", async ({ page }) => {
  await open(page, "n=20000", "pictures=always");
  await ready(page);
  await page.getByRole("button", { name: "Layers" }).click();
  await expect(page.getByText("Zoom in: thumbnails are drawn of at most 10,000 rows in view.")).toBeVisible();
  await open(page, "n=1000&kind=table");
  await ready(page);
  await page.getByRole("button", { name: "Layers" }).click();
  await expect(page.getByLabel("Thumbnails")).toHaveCount(0);
});

test("a selection is isolated: others are hidden, a chip says so, the camera comes near, and Esc undoes it", async ({ page }) => {
  await open(page, "n=3000");
  await ready(page);
  const place = (row: number) => page.evaluate((row) => window.explorer.place(row)!, row);
  /** Pixels of the points that are not of the canvas. */
  const drawn = () =>
    page.evaluate(() => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>(".map canvas")[0]!;
      const data = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
      return data.filter((v, i) => i % 4 === 0 && Math.abs(v - data[0]!) > 4).length;
    });
  const before = await drawn();
  const box = (await page.locator(".map").boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.keyboard.down("Shift");
  await page.mouse.move(x - 60, y - 60);
  await page.mouse.down();
  for (const [dx, dy] of [[60, -60], [60, 60], [-60, 60]] as const) await page.mouse.move(x + dx, y + dy, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  const rows = (await page.evaluate(() => window.explorer.rows))!;
  expect(rows.length).toBeGreaterThan(20);
  const other = Array.from({ length: 3000 }, (_, row) => row).find((row) => !rows.includes(row))!;
  const near = await place(rows[0]!);
  const next = await place(rows[1]!);
  await page.getByRole("button", { name: "Isolate" }).first().click();
  const chip = page.getByRole("list", { name: "Filters" });
  await expect(chip).toContainText(`only ${rows.length} rows`);
  await expect(chip.getByRole("button", { name: "Isolate" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("#chip")).toContainText(`${rows.length} of 3,000 points`);
  await expect(page).toHaveURL(/isolated=1/);
  await rest(page);
  const [after, beside] = [await place(rows[0]!), await place(rows[1]!)];
  expect(Math.hypot(after[0] - beside[0], after[1] - beside[1])).toBeGreaterThan(2 * Math.hypot(near[0] - next[0], near[1] - next[1]));
  // Others cannot be pointed at where they would be.
  const [ox, oy] = await place(other);
  expect(rows.concat(-1)).toContain(await page.evaluate(([x, y]) => window.explorer.rowAt(x!, y!), [ox, oy]));
  await page.locator(".map").focus();
  await page.keyboard.press("f");
  await rest(page);
  expect(await drawn()).toBeLessThan(before / 4);
  await page.keyboard.press("Escape");
  await expect(chip).toHaveCount(0);
  await expect(page).not.toHaveURL(/isolated/);
  expect((await page.evaluate(() => window.explorer.rows))!.length).toBe(rows.length); // the selection stays
  // Of a category, by the key.
  await page.keyboard.press("Escape");
  await page.getByRole("list", { name: /Legend/ }).getByRole("button", { name: /^6 / }).click();
  await page.keyboard.press("i");
  await expect(chip.getByRole("button", { name: "Isolate" })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("i");
  await expect(chip.getByRole("button", { name: "Isolate" })).toHaveAttribute("aria-pressed", "false");
  await page.keyboard.press("Escape");
  await expect(chip).toHaveCount(0);
});

for (const scheme of ["light", "dark"] as const)
  test(`layers and what is isolated are readable and named in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, "n=3000", "names=rows&contours=1&pictures=always&only=digit:3.4&isolated=1");
    await ready(page);
    await page.getByRole("button", { name: "Layers" }).click();
    await page.evaluate(axe.source);
    expect(await page.evaluate(async () => (await (window as never as { axe: typeof axe }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })).violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`))).toEqual([]);
  });
