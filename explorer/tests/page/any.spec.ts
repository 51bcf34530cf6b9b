// What must hold for any data: test data and a real server alike.
import { readFile, stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect, open, pixels, ready, rest, SERVER, test, told, visibleRow } from "./harness.ts";

test.describe.configure({ timeout: SERVER ? 300_000 : 30_000 });
test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  await ready(page);
});

test("shows the data's name, its map, the measures beside their nulls, and a sentence", async ({ page }) => {
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("latentspace");
  await expect(page.locator("#chip")).toContainText(/[\d,]+ points/);
  const kept = page.getByRole("meter", { name: "Neighbors kept" });
  await expect(kept).toHaveAttribute("aria-valuetext", /a random map would score/);
  await expect(page.locator(".say").first()).toContainText(/Keeps [\d.e-]+ of 100 neighbors/);
  await expect(page.locator("canvas.points")).toBeVisible();
});

test("a click chooses the point under the pointer, and lists the neighbors that the source tells", async ({ page }) => {
  const { row, x, y } = await visibleRow(page);
  await page.mouse.move(x, y);
  await page.mouse.click(x, y);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(row);
  const info = await told(page, row);
  const shown = page.locator("#neighbors button");
  await expect(shown).toHaveCount(info.neighbors.length);
  const names = await shown.evaluateAll((list) => list.map((b) => b.getAttribute("aria-label") ?? b.textContent!));
  for (const [i, n] of info.neighbors.entries()) {
    expect(names[i]).toContain(`row ${n.id},`);
    expect(names[i]).toContain(n.kept ? "kept by the map" : "lost by the map");
  }
  await expect(page.locator("#invented button")).toHaveCount(info.invented.length);
  await expect(page.locator("dd", { hasText: `${info.kept} of ${info.neighbors.length}` })).toBeVisible();
  // The point stays under the pointer though a panel opened.
  const place = await page.evaluate((row) => window.explorer.place(row)!, row);
  const box = (await page.locator(".map").boundingBox())!;
  if (x < box.x + box.width - 61) expect(Math.hypot(box.x + place[0] - x, box.y + place[1] - y)).toBeLessThan(2);
  // A neighbor can be gone to, and Escape leads out.
  await shown.first().click();
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(info.neighbors[0].row);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBeNull();
});

test("a lasso holds exactly the points within its line", async ({ page }) => {
  test.skip((await page.evaluate(() => window.explorer.dims)) !== 2, "the map has three dimensions");
  const box = (await page.locator(".map").boundingBox())!;
  const [cx, cy, r] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2), 140];
  const line = Array.from({ length: 40 }, (_, i): [number, number] => [Math.round(cx + r * Math.cos((i / 40) * 6.2832)), Math.round(cy + r * Math.sin((i / 40) * 6.2832))]);
  const expected = await page.evaluate(
    ([line, left, top]) => {
      const within = (x: number, y: number) => {
        let odd = false;
        for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
          const [xi, yi] = line[i]!;
          const [xj, yj] = line[j]!;
          if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
        }
        return odd;
      };
      const rows: number[] = [];
      for (let row = 0; row < window.explorer.count; row++) {
        const p = window.explorer.place(row)!;
        if (within(p[0] + left, p[1] + top)) rows.push(row);
      }
      return rows;
    },
    [line, box.x, box.y] as const,
  );
  expect(expected.length).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Lasso" }).click();
  await page.mouse.move(...line[0]!);
  await page.mouse.down();
  for (const p of line.slice(1)) await page.mouse.move(...p);
  await page.mouse.up();
  await expect.poll(() => page.evaluate(() => window.explorer.rows)).toEqual(expected);
  await expect(page.getByRole("heading", { name: `${expected.length.toLocaleString("en")} selected` })).toBeVisible();
  await page.getByRole("button", { name: "Open as table" }).click();
  await expect(page.getByRole("table", { name: "Rows" })).toHaveAttribute("aria-rowcount", String(expected.length + 1));
});

test("the color and the trust switch change what is drawn", async ({ page }) => {
  const before = await pixels(page);
  await page.getByRole("switch", { name: "Fade points whose neighbors were lost" }).click();
  await rest(page);
  const shaded = await pixels(page);
  expect(shaded.equals(before)).toBe(false);
  await page.keyboard.press("t");
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(true);
  await page.locator("#color-by").selectOption({ label: "neighbors kept" });
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(false);
  await expect(page.getByRole("img", { name: /Colors from/ })).toBeVisible();
});

test("the keyboard moves, zooms, fits, searches and tells of itself", async ({ page }) => {
  await page.locator(".map").focus();
  const place = () => page.evaluate(() => window.explorer.place(0)!);
  const start = await place();
  await page.keyboard.press("ArrowRight");
  await rest(page);
  const moved = await place();
  expect(Math.hypot(moved[0] - start[0], moved[1] - start[1])).toBeGreaterThan(2);
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await rest(page);
  await expect.poll(() => page.url()).toContain("view=");
  await page.keyboard.press("f");
  await rest(page);
  const fitted = await place();
  expect(Math.hypot(fitted[0] - start[0], fitted[1] - start[1])).toBeLessThan(1);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeHidden();
  const by = await page.locator("#color-by").inputValue();
  await page.keyboard.press("c");
  await expect(page.locator("#color-by")).not.toHaveValue(by);
  await page.keyboard.press("/");
  await expect(page.locator("#search")).toBeFocused();
});

test("the wheel zooms to the place under the pointer", async ({ page }) => {
  const { row, x, y } = await visibleRow(page, 3);
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await rest(page);
  const box = (await page.locator(".map").boundingBox())!;
  const p = await page.evaluate((row) => window.explorer.place(row)!, row);
  expect(Math.hypot(box.x + p[0] - x, box.y + p[1] - y)).toBeLessThan(3);
});

test("each method has a form made from its description", async ({ page }) => {
  const method = page.locator("#method");
  const names = await method.locator("option").evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    await method.selectOption(name);
    const more = page.locator("form details");
    if ((await more.count()) > 0 && (await more.getAttribute("open")) === null) await more.locator("summary").click();
    const controls = page.locator("form").locator("input:visible, select:visible");
    expect(await controls.count(), name).toBeGreaterThan(0);
    for (const control of await controls.all()) await expect(control, name).toHaveAccessibleName(/\S/);
    if ((await page.locator("#param-n_components").count()) > 0) await expect(page.locator("#param-n_components"), name).toHaveValue(/^[23]$/);
    for (const choice of await page.locator("form select").all()) await expect(choice, name).not.toHaveValue("");
  }
});

test("search finds a row by its number and goes there", async ({ page }) => {
  await page.keyboard.press("/");
  await page.keyboard.type("7");
  await expect(page.getByRole("option").first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).not.toBeNull();
});

test("the table holds all rows and sorts by a field", async ({ page }) => {
  await page.getByRole("button", { name: "Table", exact: true }).click();
  const table = page.getByRole("table", { name: "Rows" });
  const n = await page.evaluate(() => window.explorer.count);
  await expect(table).toHaveAttribute("aria-rowcount", String(n + 1));
  const first = table.getByRole("row").nth(1).getByRole("button");
  await expect(first).toHaveText("0");
  // The last rows are reached by scrolling, however many there are.
  await page.locator(".scroll").evaluate((e) => (e.scrollTop = e.scrollHeight));
  await expect(table.getByRole("row").last().getByRole("button")).toHaveText(String(n - 1));
  // The first column after those of the row itself: its number, its observation, its name.
  const heads = await table.getByRole("columnheader").allTextContents();
  const name = heads.findIndex((text, i) => i > 0 && text !== "observation");
  if (heads.length === name + 1) return;
  await page.locator(".scroll").evaluate((e) => (e.scrollTop = 0));
  const head = table.getByRole("columnheader").nth(name + 1);
  await head.getByRole("button").click();
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  const cell = table.getByRole("row").nth(1).getByRole("cell").nth(name + 1);
  await expect(cell).not.toHaveText("");
  const least = await cell.textContent();
  await head.getByRole("button").click();
  await expect(head).toHaveAttribute("aria-sort", "descending");
  await expect(cell).not.toHaveText(least!);
});

test("an address opens the same view again", async ({ page }) => {
  const { row, x, y } = await visibleRow(page, 5);
  await page.mouse.click(x, y);
  await page.keyboard.press("t");
  await expect.poll(() => page.url()).toContain("shade=1");
  await expect.poll(() => page.url()).toContain(`row=${row}`);
  const hash = new URL(page.url()).hash.slice(1);
  await open(page, "n=1000", hash);
  await ready(page);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(row);
  await expect(page.getByRole("switch", { name: "Fade points whose neighbors were lost" })).toBeChecked();
});

test("the map is saved as one file, which shows without a server what the server shows", async ({ page, context }, info) => {
  test.skip(!SERVER, "test data have no file");
  const known = await page.evaluate(() => ({ count: window.explorer.count, dims: window.explorer.dims }));
  const row = (await visibleRow(page)).row;
  const before = await told(page, row);
  await page.getByRole("button", { name: "Share" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /Save as one file/ }).click()]);
  const path = info.outputPath("map.html");
  await download.saveAs(path);
  const alone = await context.newPage();
  const wrong: string[] = [];
  alone.on("pageerror", (e) => wrong.push(e.message));
  alone.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
  await alone.goto(pathToFileURL(path).href);
  await alone.waitForFunction(() => window.explorer?.version > 0);
  expect(await alone.evaluate(() => ({ count: window.explorer.count, dims: window.explorer.dims }))).toEqual(known);
  const after = await alone.evaluate((row) => window.explorer.info(row), row);
  expect(after.id).toBe(before.id);
  expect(after.fields).toEqual(before.fields);
  expect(after.neighbors.length).toBeGreaterThanOrEqual(Math.min(before.neighbors.length, 5));
  // Coordinates are rounded: at most a neighbor at the border is told otherwise.
  const kept = (list: typeof before.neighbors) => list.slice(0, after.neighbors.length).map((n: { row: number; kept: boolean | null }) => `${n.row} ${n.kept}`);
  const same = kept(before.neighbors).filter((n: string, i: number) => n === kept(after.neighbors)[i]).length;
  expect(same).toBeGreaterThanOrEqual(after.neighbors.length - 1);
  await expect(alone.getByRole("meter", { name: "Neighbors kept" })).toBeVisible();
  expect(wrong).toEqual([]);
  // 24 bytes a row beside the page, and the pictures.
  const pixels = await page.evaluate(async () => ((await (await fetch("api/state")).json()) as { picture: { width: number; height: number } | null }).picture);
  expect((await stat(path)).size).toBeLessThan(500_000 + known.count * (40 + (pixels ? pixels.width * pixels.height : 0)));
});

test("pictures to print have a legend and a caption", async ({ page }, info) => {
  for (const [name, ending] of [["Picture, PNG", "png"], ["Picture, SVG", "svg"]] as const) {
    await page.getByRole("button", { name: "Share" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: new RegExp(name) }).click()]);
    const path = info.outputPath(`map.${ending}`);
    await download.saveAs(path);
    const bytes = await readFile(path);
    if (ending === "png") {
      expect(bytes.subarray(1, 4).toString()).toBe("PNG");
      // Three pixels for each of the screen.
      const box = (await page.locator(".map").boundingBox())!;
      expect(bytes.readUInt32BE(16)).toBe(Math.round(box.width * 3));
    } else {
      const text = bytes.toString();
      expect(text).toContain("neighbors kept");
      expect(text).toContain("seed");
      expect((text.match(/h0/g) ?? []).length).toBe(await page.evaluate(() => window.explorer.count));
    }
  }
});
