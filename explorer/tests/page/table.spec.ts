// The table of rows: sorted by any column and by trust, filtered as the map, with the columns that are chosen, one with the map.
import axe from "axe-core";
import { expect, open, type Page, ready, rest, test, visibleRow } from "./harness.ts";

const table = (page: Page) => page.getByRole("table", { name: "Rows" });
const head = (page: Page, name: string) => table(page).getByRole("columnheader", { name, exact: true });
/** The cells of a column, of the rows that are seen. */
async function cells(page: Page, name: string): Promise<string[]> {
  const heads = (await table(page).getByRole("columnheader").allTextContents()).map((text) => text.replace(/[↑↓]/, "").trim());
  const at = heads.indexOf(name);
  expect(at, name).toBeGreaterThanOrEqual(0);
  return (await table(page).locator(".window .line").evaluateAll((lines, at) => lines.map((line) => line.children[at]?.textContent?.trim() ?? ""), at)).filter((text) => text !== "");
}
const numbers = async (page: Page, name: string) => (await cells(page, name)).map((text) => Number.parseFloat(text.replace("−", "-").replace(/,/g, "")));
const ascends = (of: number[]) => of.every((v, i) => i === 0 || of[i - 1]! <= v);

test("rows are sorted by trust, by numbers, categories, dates and texts; a click turns the order around; the address keeps it", async ({ page }) => {
  await open(page, "n=1000&kind=table&typed=1", "table=1");
  await ready(page);
  await head(page, "neighbors kept").getByRole("button").click();
  await expect(head(page, "neighbors kept")).toHaveAttribute("aria-sort", "ascending");
  await expect.poll(async () => (await numbers(page, "neighbors kept"))[0]).toBeLessThan(10);
  expect(ascends(await numbers(page, "neighbors kept"))).toBe(true);
  await head(page, "neighbors kept").getByRole("button").click();
  await expect.poll(async () => (await numbers(page, "neighbors kept"))[0]).toBeGreaterThan(60);
  expect(ascends((await numbers(page, "neighbors kept")).reverse())).toBe(true);
  for (const name of ["price", "year"]) {
    await head(page, name).getByRole("button").click();
    await expect.poll(async () => ascends(await numbers(page, name))).toBe(true);
  }
  await expect.poll(() => decodeURIComponent(page.url())).toContain("sort=year");
  await head(page, "grade").getByRole("button").click();
  await expect.poll(async () => new Set(await cells(page, "grade"))).toEqual(new Set(["fair"]));
  await head(page, "grade").getByRole("button").click();
  await expect.poll(async () => new Set(await cells(page, "grade"))).toEqual(new Set(["poor"])); // missing ones are last in both directions
  await head(page, "written").getByRole("button").click();
  await expect.poll(async () => (await cells(page, "written"))[0]).toMatch(/^2022-01/);
  const dates = await cells(page, "written");
  expect(dates).toEqual([...dates].sort());
  // The column that names rows is one of texts: the server tells their ranks.
  await head(page, "writer").getByRole("button").click();
  await expect.poll(async () => (await cells(page, "writer"))[0]).toBe("writer 1");
  await page.waitForTimeout(300);
  await page.reload();
  await ready(page);
  await expect(head(page, "writer")).toHaveAttribute("aria-sort", "ascending");
  await expect.poll(async () => (await cells(page, "writer"))[0]).toBe("writer 1");
});

test("numbers stand at the right, texts at the left, in figures of one width", async ({ page }) => {
  await open(page, "n=300&kind=table&typed=1", "table=1");
  await ready(page);
  const line = table(page).locator(".window .line").first();
  await expect(line.locator(".number").first()).toBeVisible();
  await expect(line.locator(".number").first()).toHaveCSS("text-align", "right");
  await expect(line.locator(".number").first()).toHaveCSS("font-variant-numeric", "tabular-nums");
  await expect(head(page, "height")).toBeVisible(); // what was observed stands among the columns
  const [of, cell] = [await head(page, "price").boundingBox(), await line.locator(".number").nth(2).boundingBox()];
  expect(Math.abs(of!.x + of!.width - cell!.x - cell!.width)).toBeLessThan(2);
});

for (const [kind, what] of [["images", "img"], ["curve", ".spark path[d^=M]"], ["counts", "span.small"]] as const)
  test(`each line of ${kind} shows what was observed`, async ({ page }) => {
    await open(page, `n=300&kind=${kind}`, "table=1");
    await ready(page);
    await expect(table(page).locator(".window .line").nth(3).locator(what)).toBeVisible();
    expect(await table(page).locator(".window .line").count()).toBeLessThan(25);
  });

test("filters in the head of the table are those of the map", async ({ page }) => {
  await open(page, "n=1000&kind=table&typed=1", "table=1");
  await ready(page);
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("textbox", { name: "price from" }).fill("100");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("list", { name: "Filters" })).toContainText("price at least 100");
  const many = Number((await page.locator("#chip").textContent())!.split(" ")[0]);
  await expect(table(page)).toHaveAttribute("aria-rowcount", String(many + 1));
  expect((await numbers(page, "price")).every((price) => price >= 100)).toBe(true);
  await page.getByRole("combobox", { name: "Show of grade" }).selectOption({ label: "good" });
  await expect.poll(async () => new Set(await cells(page, "grade"))).toEqual(new Set(["good"]));
  await page.getByRole("textbox", { name: "neighbors kept from, percent" }).fill("60 %");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: "Filters" })).toContainText(/neighbors kept at least 60/);
  await expect.poll(async () => Math.min(...(await numbers(page, "neighbors kept")))).toBeGreaterThanOrEqual(60);
  await page.getByRole("textbox", { name: "written to" }).fill("2022-06-30");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await cells(page, "written")).every((day) => day <= "2022-06-30")).toBe(true);
  // What is no number is refused in words.
  await page.getByRole("textbox", { name: "price to" }).fill("much");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "price to" })).toHaveJSProperty("validationMessage", "A number");
  await page.getByRole("button", { name: "Show all rows" }).click();
  await expect(table(page)).toHaveAttribute("aria-rowcount", "1001");
  await expect(page.getByRole("textbox", { name: "price from" })).toHaveValue("");
  await expect(page.getByRole("combobox", { name: "Show of grade" })).toHaveValue("");
});

test("columns are chosen, found among many, and kept in the address", async ({ page }) => {
  await open(page, "n=300&kind=images", "table=1");
  await ready(page);
  await expect(head(page, "split")).toBeVisible();
  await page.getByRole("button", { name: "Columns", exact: true }).click();
  await page.getByRole("checkbox", { name: "split" }).uncheck();
  await expect(head(page, "split")).toHaveCount(0);
  await page.locator("#table-column").fill("pixel 14, 14");
  await page.getByRole("option", { name: /pixel 14, 14/ }).click();
  await expect(head(page, "pixel 14, 14")).toBeVisible();
  await head(page, "pixel 14, 14").getByRole("button").click();
  await expect.poll(async () => ascends(await numbers(page, "pixel 14, 14"))).toBe(true);
  await page.waitForTimeout(300);
  await page.reload();
  await ready(page);
  await expect(head(page, "pixel 14, 14")).toBeVisible();
  await expect(head(page, "split")).toHaveCount(0);
});

test("a row of the map is a row of the table, and the other way around", async ({ page }) => {
  await open(page, "n=2000&kind=images", "table=1");
  await ready(page);
  await head(page, "neighbors kept").getByRole("button").click();
  await expect(head(page, "neighbors kept")).toHaveAttribute("aria-sort", "ascending");
  await rest(page);
  const { row, x, y } = await visibleRow(page, 700);
  await page.mouse.click(x, y);
  // It is brought into view, wherever the order put it.
  const line = table(page).locator(".line.chosen");
  await expect(line).toBeInViewport();
  await expect(line.getByRole("button")).toHaveText(String(row));
  // Another order begins at its first row.
  await head(page, "neighbors kept").getByRole("button").click();
  await expect.poll(() => page.locator(".scroll").evaluate((e) => e.scrollTop)).toBe(0);
  await expect(table(page).locator(".window .line").nth(1).getByRole("button")).toBeVisible(); // its rows came
  await table(page).locator(".window .line").nth(1).click();
  const other = await page.evaluate(() => window.explorer.row);
  expect(other).not.toBe(row);
  await expect(line.getByRole("button")).toHaveText(String(other));
  // The selection alone, or all rows.
  await page.keyboard.press("Escape");
  await page.locator(".map").focus();
  await page.keyboard.press("v");
  const selected = await page.evaluate(() => window.explorer.rows!.length);
  await expect(table(page)).toHaveAttribute("aria-rowcount", String(selected + 1));
  await page.getByRole("switch", { name: "Only the selection" }).uncheck();
  await expect(table(page)).toHaveAttribute("aria-rowcount", "2001");
});

test("labels and notes of the reader are columns, and change with what is written", async ({ page }) => {
  await open(page, "n=300&kind=table", "table=1&row=3");
  await ready(page);
  const labels = page.getByRole("region", { name: "Labels" });
  await labels.getByLabel("Label for row 3").fill("odd");
  await page.keyboard.press("Enter");
  await labels.getByLabel("Note on row 3").fill("look again");
  await labels.getByLabel("Note on row 3").blur();
  await expect.poll(async () => (await cells(page, "my note")).filter((text) => text !== "–")).toEqual(["look again"]);
  await head(page, "my label").getByRole("button").click();
  await expect.poll(async () => (await cells(page, "my label"))[0]).toBe("odd");
  await expect(table(page).locator(".window .line").first().getByRole("button")).toHaveText("3");
  await labels.getByLabel("Label for row 3").fill("fine");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await cells(page, "my label"))[0]).toBe("fine");
});

test("a million rows scroll and sort", async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, "n=1000000&kind=table", "table=1");
  await page.waitForFunction(() => window.explorer?.version > 0, null, { timeout: 90_000 });
  await expect(table(page)).toHaveAttribute("aria-rowcount", "1000001");
  await page.locator(".scroll").evaluate((e) => (e.scrollTop = e.scrollHeight));
  await expect(table(page).locator(".window .line").last().getByRole("button")).toHaveText("999999", { timeout: 20_000 });

  await head(page, "stroke width").getByRole("button").click();
  await expect.poll(async () => (await numbers(page, "stroke width"))[0], { timeout: 20_000 }).toBeLessThan(-1);
  expect(ascends(await numbers(page, "stroke width"))).toBe(true);
});

for (const scheme of ["light", "dark"] as const)
  test(`the table with its filters and columns is readable and named in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const kind of ["images", "table"]) {
      await open(page, `n=300&kind=${kind}&typed=1`, "table=1&row=7");
      await ready(page);
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByRole("button", { name: "Columns", exact: true }).click();
      await expect(table(page).locator(".window .line").first()).toBeVisible();
      await page.evaluate(axe.source);
      const found = await page.evaluate(() => (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
      expect(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`)).toEqual([]);
    }
  });
