// What the page says: in plain words, and only what is true.
import { expect, learned, open, ready, rest, SERVER, test, visibleRow } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");

test("one line says what a point is and what to do, until one was chosen", async ({ page }) => {
  await open(page, "n=3000");
  await ready(page);
  const line = page.getByText("Each point is one of 3,000 pictures; click one to see its nearest.");
  await expect(line).toBeVisible();
  const { x, y } = await visibleRow(page);
  await page.mouse.click(x, y);
  await expect(line).toBeHidden();
  await open(page, "n=300&kind=table");
  await ready(page);
  await expect(page.getByText("Each point is one of 300 rows; click one to see its nearest.")).toBeVisible();
});

for (const cats of [10, 24])
  test(`what to trust, how to fade points and how to learn a map are on the first screen, of ${cats} categories`, async ({ page }) => {
    await open(page, `n=3000&cats=${cats}`);
    await ready(page);
    await expect(page.locator(".verdict")).toHaveText("Good for neighborhoods, weak for far distances.");
    for (const seen of [page.locator(".verdict"), page.getByRole("switch", { name: "Fade points whose neighbors were lost" }), cats > 20 ? page.locator("#method") : page.getByRole("button", { name: "Refit", exact: true })]) {
      await expect(seen).toBeInViewport();
      const box = (await seen.boundingBox())!;
      expect(box.y + box.height).toBeLessThan(900);
    }
  });

test("a row that is near on the map only is not called far; distances are told from labels", async ({ page }) => {
  await open(page, "n=600", "row=7");
  await ready(page);
  await expect(page.locator("#near-title")).toHaveText("Nearest in the data");
  await expect(page.locator("#invented-title")).toHaveText("Near on the map onlynot among its 15 nearest");
  await expect(page.getByText(/far in the (space|data)/)).toHaveCount(0);
  for (const list of ["#neighbors", "#invented"]) {
    const lines = await page.locator(`${list} button`).first().locator(".small").allInnerTexts();
    expect(lines).toEqual([expect.stringMatching(/^writer \d+\D*$/), expect.stringMatching(/^\d$/), expect.stringMatching(/^dist\.\D+[\d.]+$/)]);
  }
});

test("measures of all rows are exact, those of a sample say from how many", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  const trust = page.getByRole("region", { name: "How far to trust it" });
  await expect(trust.getByText("exact", { exact: true })).toHaveCount(4);
  await expect(trust.getByText(/sample|estimated/i)).toHaveCount(0);
  await open(page, "n=12000");
  await ready(page);
  await expect(trust.getByText("from 1,000 rows", { exact: true })).toHaveCount(3);
  await expect(trust.getByText("from 20,000 pairs", { exact: true })).toHaveCount(1);
  // What a measure means opens without a mouse.
  await trust.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await expect(trust.getByText(/recall@15.*Estimated from 1,000 rows: .* to /)).toBeVisible();
});

test("a given map is no broken fit: it is called what it is, and a map can be learned from it", async ({ page }) => {
  await open(page, "n=600&given=1&takes=0.2", "row=7");
  await ready(page);
  await expect(page.locator(".what")).toHaveText("600 rows at the coordinates given");
  await expect(page.getByText("Not measured: there is only the map.")).toBeVisible();
  await expect(page.locator("#near-title")).toHaveText("Nearest on the map");
  await expect(page.getByText(/neighbors kept|lost/).filter({ visible: true })).toHaveCount(1); // the switch
  await expect(page.getByRole("switch", { name: /^Fade/ })).toBeDisabled();
  await expect(page.getByRole("region", { name: "Maps" }).locator("li")).toContainText("As given");
  // Its axes have ticks at the left edge; those of a learned map mean nothing.
  const ticks = () => page.locator("canvas.overlay").evaluate((c: HTMLCanvasElement) => c.getContext("2d")!.getImageData(0, 0, 4, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length);
  expect(await ticks()).toBeGreaterThan(10);
  await learned(page, () => page.getByRole("button", { name: "Learn", exact: true }).click());
  await expect(page.locator(".what")).toContainText("t-SNE");
  expect(await ticks()).toBe(0);
  await page.keyboard.press("[");
  await rest(page);
  await expect(page.locator(".what")).toHaveText("600 rows at the coordinates given");
  expect(await ticks()).toBeGreaterThan(10);
});

test("without data the page takes a file, and says what the samples show", async ({ page, context }) => {
  await open(page, "n=300&phase=empty");
  await expect(page.getByRole("heading", { name: "Explore your data" })).toBeVisible();
  await expect(page.getByText("latent demo digits")).toBeVisible();
  // A sample's command is a click away from the terminal.
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "latent demo digits Copy" }).click();
  await expect(page.getByRole("button", { name: "latent demo digits Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("latent demo digits");
  await expect(page.getByText("10,000 handwritten digits")).toBeVisible();
  await expect(page.locator("#color-by")).toHaveCount(0);
  const field = page.getByLabel("Choose a file");
  await field.setInputFiles({ name: "notes.xyz", mimeType: "text/plain", buffer: Buffer.from("?") });
  await expect(page.getByRole("alert")).toContainText("notes.xyz: it is of no format that is read.");
  // Dropped anywhere.
  await page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File(["a,b\n1,2\n"], "mine.csv"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
  });
  await ready(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("mine.csv");
  await expect(page.locator("#color-by")).toBeVisible();
});
