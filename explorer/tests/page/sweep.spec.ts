// The room of numbers of dimensions: offered, started, stopped, and what is told.
import axe from "axe-core";
import { expect, open, type Page, SERVER, test } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");
test.beforeEach(async ({ page }) => page.emulateMedia({ reducedMotion: "reduce" }));

async function shown(page: Page, query = ""): Promise<void> {
  await open(page, `n=400&sweep=1${query}`, "page=sweep");
  await expect(page.getByText("35 fits, about 1.4\u202fs; scoring held-out rows comes on top.")).toBeVisible();
}
const start = (page: Page) => page.getByRole("button", { name: "How many dimensions?" });

test("a sweep tells its cost, its progress, and then the curves with the verdict", async ({ page }) => {
  await shown(page);
  await start(page).click();
  await expect(page.getByText(/^\d+ of 35 fits/)).toBeVisible();
  await expect(page.getByRole("img", { name: /recommended 5$/ })).toBeVisible();
  await expect(page.getByRole("group", { name: "Verdict" })).toContainText("the other estimates agree");
  await expect(page.getByRole("row")).toHaveCount(8);
  await expect(page.getByRole("region", { name: "Other rules" })).toContainText("Parallel analysis");
  await expect(page.getByRole("region", { name: "How many dimensions?" })).toContainText("4 to 6 cannot be told from the best");
});

test("other numbers are priced as they are typed, and what cannot be is told", async ({ page }) => {
  await shown(page);
  const dims = page.getByLabel("Numbers of dimensions");
  await dims.fill("1, 2, 3");
  await expect(page.getByText(/^15 fits/)).toBeVisible();
  await dims.fill("1, 2, x");
  await expect(page.getByRole("alert")).toContainText("it takes whole numbers");
  await expect(start(page)).toBeDisabled();
});

test("a sweep is stopped without a result", async ({ page }) => {
  await shown(page, "&takes=20");
  await start(page).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(start(page)).toBeEnabled();
});

for (const scheme of ["light", "dark"] as const)
  test(`the room is readable and named in ${scheme}, wide and narrow`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const size of [{ width: 1440, height: 900 }, { width: 400, height: 800 }]) {
      await page.setViewportSize(size);
      await shown(page, "&takes=0.1");
      await start(page).click();
      await expect(page.getByRole("img", { name: /recommended 5$/ })).toBeVisible();
      await page.evaluate(axe.source);
      const found = await page.evaluate(() => (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
      expect(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`), `${size.width}`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
    }
  });
