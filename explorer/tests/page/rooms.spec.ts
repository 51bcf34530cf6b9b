// The template of a room (CONTRIBUTING.md): registered, it is shown, and nothing else of the page knows of it.
import { expect, open, ready, SERVER, test } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");

test("a room that is listed is offered, shown with its panels and keys, and mirrored in the address", async ({ page }) => {
  await open(page, "n=400&template=1");
  const middle = page.getByRole("application", { name: "Template" });
  await expect(middle).toHaveText("400 rows, step 0");
  await expect(page.getByRole("complementary", { name: "About the template" })).toBeVisible();
  await page.keyboard.press("n");
  await expect(page.locator("#template-title")).toHaveText("Step 1");
  await expect.poll(() => page.url()).toContain("step=1");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("The next step");
  await page.keyboard.press("Escape");
  // The other room, by its button and by a key.
  await page.getByRole("button", { name: "Map", exact: true }).click();
  await ready(page);
  await expect(middle).toBeHidden();
  await page.reload();
  await ready(page);
  await page.keyboard.press("d");
  await expect(middle).toHaveText("400 rows, step 1");
});

test("a room is not offered where the data lack what it needs", async ({ page }) => {
  await open(page, "n=400");
  await ready(page);
  await expect(page.getByRole("group", { name: "What is shown" })).toBeHidden();
});
