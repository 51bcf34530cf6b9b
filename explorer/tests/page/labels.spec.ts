// Labels and notes, and the search with all that it finds.
import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import axe from "axe-core";
import { open, ready, test } from "./harness.ts";

const found = (page: Page) => page.locator("#search-found [role=option]:not([aria-disabled])");

/** Selects rows by their numbers, as a search by a regular expression finds them. */
async function select(page: Page, rows: number[]): Promise<void> {
  await page.locator("#search").focus();
  const pattern = page.getByRole("button", { name: "Regular expression" });
  if ((await pattern.getAttribute("aria-pressed")) === "false") await pattern.click();
  await page.locator("#search").fill(`^(${rows.join("|")})$`);
  await expect(found(page)).toHaveCount(rows.length);
  await page.keyboard.press("Shift+Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.rows)).toEqual(rows);
}
/** Chooses a row by its number. */
async function choose(page: Page, row: number): Promise<void> {
  await page.locator("#search").fill(String(row));
  await expect(found(page).first()).toContainText(String(row));
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(row);
}

test("selected rows get labels, by hand and by keys, which color them, are undone and are saved", async ({ page }) => {
  await open(page, "n=300");
  await ready(page);
  await select(page, [13, 14, 15]);
  const panel = page.getByRole("region", { name: "Labels" });
  await panel.getByLabel("Label for the 3 selected rows").fill("odd, \"really\"");
  await panel.getByRole("button", { name: "Label 3" }).click();
  await expect(panel.getByRole("button", { name: "odd, \"really\" 3" })).toBeVisible();
  await select(page, [15, 16]);
  await panel.getByLabel("Label for the 2 selected rows").fill("fine");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("button", { name: "fine 2" })).toBeVisible();
  // By its key, where the focus is not in a field.
  await select(page, [17]);
  await page.locator(".map").focus();
  await page.keyboard.press("2");
  await expect(panel.getByRole("button", { name: "fine 3" })).toBeVisible();
  await page.keyboard.press("Control+z");
  await expect(panel.getByRole("button", { name: "fine 2" })).toBeVisible();
  await page.keyboard.press("Control+y");
  await expect(panel.getByRole("button", { name: "fine 3" })).toBeVisible();
  // What was changed comes back as it was: row 15 was odd before.
  await panel.getByRole("button", { name: "Undo" }).click();
  await expect(panel.getByRole("button", { name: "fine 2" })).toBeVisible();
  await panel.getByRole("button", { name: "Undo" }).click();
  await expect(panel.getByRole("button", { name: "odd, \"really\" 3" })).toBeVisible();
  await panel.getByRole("button", { name: "Redo" }).click();
  // A column like any other: its colors follow its changes.
  await panel.getByRole("button", { name: "Color by my label" }).click();
  const legend = page.getByRole("region", { name: "Color by" });
  await expect(legend.getByText("fine")).toBeVisible();
  await expect(legend.getByText("296 rows without a value")).toBeVisible();
  await select(page, [18, 19]);
  await page.locator(".map").focus();
  await page.keyboard.press("1");
  await expect(legend.getByText("294 rows without a value")).toBeVisible();
  const down = page.waitForEvent("download");
  await panel.getByRole("button", { name: "csv" }).click();
  const file = await down;
  expect(file.suggestedFilename()).toBe("labels.csv");
  const lines = readFileSync((await file.path())!, "utf8").trimEnd().split("\n");
  expect([lines.length, lines[0], lines[1], lines[14], lines[16]]).toEqual([301, "id,my label", "0,", "13,\"odd, \"\"really\"\"\"", "15,fine"]);
});

test("a chosen row has a note, which is found and undone", async ({ page }) => {
  await open(page, "n=300");
  await ready(page);
  await choose(page, 12);
  const note = page.getByLabel("Note on row 12");
  await note.fill("look at the loop");
  await page.locator(".map").focus();
  await page.locator("#search").fill("loop the");
  await expect(found(page)).toHaveCount(1);
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => window.explorer.row)).toBe(12);
  await expect(note).toHaveValue("look at the loop");
  // Another row has none; a name that the data have is refused in words.
  await choose(page, 13);
  await expect(page.getByLabel("Note on row 13")).toHaveValue("");
  await page.locator(".map").focus();
  await page.keyboard.press("Control+z");
  await choose(page, 12);
  await expect(note).toHaveValue("");
  const panel = page.getByRole("region", { name: "Labels" });
  await panel.getByLabel("Column").selectOption("New column…");
  await panel.getByLabel("Name of the new column").fill("writer");
  await page.keyboard.press("Enter");
  await panel.getByLabel("Label for row 12").fill("x");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The data have a column 'writer'.")).toBeVisible();
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => (await (window as never as { axe: typeof axe }).axe.run()).violations.map((v) => v.id));
  expect(violations).toEqual([]);
});

test("all that a search finds can be selected; patterns are one click away, their mistakes are told", async ({ page }) => {
  await open(page, "n=300");
  await ready(page);
  const field = page.locator("#search");
  await field.fill("writer 1");
  const total = Number((await page.locator(".foot .quiet").innerText()).split(" ")[0]);
  expect(total).toBeGreaterThan(1);
  await page.getByRole("button", { name: "Select all" }).click();
  expect(await page.evaluate(() => window.explorer.rows!.length)).toBe(total);
  await page.getByRole("button", { name: "Regular expression" }).click();
  await field.fill("^1[05]$");
  await expect(found(page)).toHaveCount(2);
  await page.keyboard.press("Shift+Enter");
  expect(await page.evaluate(() => window.explorer.rows)).toEqual([10, 15]);
  await field.fill("(a");
  await expect(page.getByText("'(a' is no regular expression")).toBeVisible();
});
