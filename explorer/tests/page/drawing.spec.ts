// How the rows of a map are drawn.
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
