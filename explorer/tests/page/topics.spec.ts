// The page of topics, on made-up ones.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, open, type Page, ready, rest, SERVER, test } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const bars = (page: Page) => page.getByRole("listbox", { name: /most (relevant|salient) words/ }).getByRole("option");
const picture = (page: Page) => page.locator("canvas.circles").screenshot();
async function shown(page: Page): Promise<void> {
  await page.waitForFunction(() => window.explorer?.page === "topics" && window.explorer.circle(0) !== null);
  await expect(bars(page).first()).toBeVisible();
  await rest(page);
}
/** Where a circle is in the window. */
async function circle(page: Page, at: number): Promise<{ x: number; y: number }> {
  const box = (await page.locator(".topics").boundingBox())!;
  const [x, y] = (await page.evaluate((at) => window.explorer.circle(at), at))!;
  return { x: box.x + x, y: box.y + y };
}

test.beforeEach(async ({ page }) => page.emulateMedia({ reducedMotion: "reduce" }));

test("while topics are compared, their list and words are there, and how far it is", async ({ page }) => {
  await open(page, "n=600&topics=12&comparing=4000");
  await expect(page.getByText("Comparing 12 topics: 66 pairs")).toBeVisible();
  await expect(bars(page)).toHaveCount(30);
  await page.getByRole("button", { name: "Next topic" }).click();
  await expect(page.getByRole("listbox", { name: /most relevant words/ })).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Topics compared" })).toHaveAttribute("value", "0.4");
  await expect(page.getByRole("heading", { name: /Merge topics/ })).toBeHidden();
  // The map and the tree follow, and what was chosen stays chosen.
  await shown(page);
  await expect(page.getByRole("progressbar")).toBeHidden();
  await expect(page.getByRole("heading", { name: /Merge topics/ })).toBeVisible();
  await expect(page.getByRole("listbox", { name: /most relevant words/ })).toBeVisible();
});

test("opens with the topics, and a key goes to the documents and back", async ({ page }) => {
  await open(page, "n=600&topics=12");
  await shown(page);
  await expect(page.getByRole("button", { name: "Topics", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(bars(page)).toHaveCount(30);
  await expect(page.getByText("The two axes show 20\u202f% of the distances.")).toBeVisible();
  await page.keyboard.press("d");
  await ready(page);
  await expect(page.locator("#color-by")).toHaveValue("topic");
  await expect.poll(() => page.url()).toContain("page=documents");
  await page.reload();
  await ready(page);
  expect(await page.evaluate(() => window.explorer.page)).toBe("documents");
  await page.keyboard.press("d");
  await shown(page);
  await expect.poll(() => page.url()).not.toContain("page=");
});

test("a circle, arrow keys, the buttons and the field each select a topic, Esc lets go", async ({ page }) => {
  await open(page, "n=600&topics=12");
  await shown(page);
  const heading = page.locator("#words-title");
  const { x, y } = await circle(page, 4);
  await page.mouse.move(x, y);
  await expect(page.locator(".tip")).toContainText(/^5 /);
  await page.mouse.click(x, y);
  await expect(heading).toContainText("Topic 5");
  await expect(page.getByRole("listbox", { name: "Topics", exact: true }).getByRole("option").nth(4)).toHaveAttribute("aria-selected", "true");
  await expect.poll(() => page.url()).toMatch(/topic=\d+/);
  await page.keyboard.press("ArrowRight");
  await expect(heading).toContainText("Topic 6");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("button", { name: "Previous topic" }).click();
  await expect(heading).toContainText("Topic 4");
  await page.keyboard.press("Escape");
  await expect(heading).toContainText("All 12 topics");
  await page.keyboard.press("ArrowLeft");
  await expect(heading).toContainText("Topic 12");
  await page.keyboard.press("/");
  await page.keyboard.type("7");
  await page.keyboard.press("Enter");
  await expect(heading).toContainText("Topic 7");
  const url = page.url();
  await page.keyboard.press("/");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("jury");
  await page.getByRole("option", { name: /^jury/ }).click();
  await expect(page.getByText(/^Circles show “jury”: /)).toBeVisible();
  await expect.poll(() => page.url()).toContain("word=");
  expect(url).not.toContain("word=");
});

test("the slider ranks by relevance, and the words agree with what the source tells", async ({ page }) => {
  await open(page, "n=600&topics=12", "topic=2");
  await shown(page);
  const words = () => bars(page).evaluateAll((all) => all.map((li) => li.querySelector(".word")!.textContent!));
  const slider = page.getByRole("slider", { name: /Relevance/ });
  await expect(slider).toHaveValue("0.6");
  const some = await words();
  await slider.fill("1");
  const frequent = await words();
  await slider.fill("0");
  const own = await words();
  for (const list of [some, frequent, own]) expect(new Set(list).size).toBe(30);
  expect(frequent).not.toEqual(own);
  const counts = async () => bars(page).evaluateAll((all) => all.map((li) => Number(li.querySelector(".count")!.textContent!.replaceAll(",", ""))));
  await slider.fill("1");
  const falling = await counts();
  expect(falling).toEqual([...falling].sort((a, b) => b - a));
  await slider.press("ArrowLeft");
  await expect(page.locator("output")).toHaveText("0.99");
  await expect.poll(() => page.url()).toContain("lambda=0.99");
});

test("a word that is pointed at resizes the circles, clicked it stays, and keys do the same", async ({ page }) => {
  await open(page, "n=600&topics=12", "topic=2");
  await shown(page);
  const before = await picture(page);
  await bars(page).nth(2).hover();
  await expect(page.getByText(/^Circles show “/)).toBeVisible();
  await rest(page);
  const sized = await picture(page);
  expect(sized.equals(before)).toBe(false);
  await page.mouse.move(700, 850);
  await expect(page.getByText(/^Circles show “/)).toBeHidden();
  await rest(page);
  expect((await picture(page)).equals(before)).toBe(true);
  await bars(page).nth(2).click();
  await page.mouse.move(700, 850);
  await expect(bars(page).nth(2)).toHaveAttribute("aria-selected", "true");
  await rest(page);
  expect((await picture(page)).equals(sized)).toBe(true);
  await page.keyboard.press("Escape");
  await expect(bars(page).nth(2)).toHaveAttribute("aria-selected", "false");
  await page.getByRole("listbox", { name: /most relevant words/ }).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(bars(page).nth(29)).toHaveAttribute("aria-selected", "true");
});

test("a document opens with its words by topic and its place, and goes on to the documents' map", async ({ page }) => {
  await open(page, "n=600&topics=12", "topic=2");
  await shown(page);
  const first = page.getByRole("button", { name: /^Document\s+\d+\s*\d+\s?%\s+of this topic/ }).first();
  const id = /\d+/.exec((await first.locator(".id").textContent())!)![0];
  await first.click();
  await expect(page.locator("#document-title")).toContainText(`Document ${id}`);
  expect(await page.locator("mark:not(.other)").count()).toBeGreaterThan(10);
  await expect(page.locator(".spot")).toBeVisible();
  await page.getByRole("button", { name: "Open the map" }).click();
  await ready(page);
  expect(await page.evaluate(() => window.explorer.row)).toBe(Number(id));
  await expect(page.locator("#row-title")).toBeVisible();
  expect(await page.locator("mark:not(.other)").count()).toBeGreaterThan(10);
  // Its topic's documents stand out there.
  await expect(page.locator(".legend button[aria-pressed=true]").first()).toBeVisible();
  await page.keyboard.press("d");
  await page.getByRole("button", { name: /^Back to topic/ }).click();
  await expect(page.locator("#documents-title")).toBeVisible();
});

test("a topic that is selected in one view is selected in the other", async ({ page }) => {
  await open(page, "n=600&topics=12", "topic=2");
  await shown(page);
  const name = (await page.locator(".name").textContent())!;
  await page.keyboard.press("d");
  await ready(page);
  const legend = page.locator("#color-title ~ .legend button");
  await expect(page.locator("#color-title ~ .legend button[aria-pressed=true]")).toContainText(name);
  await page.getByRole("button", { name: "Show all again" }).click();
  expect(await page.evaluate(() => window.explorer.topic)).toBeNull();
  await legend.nth(3).click();
  const other = (await legend.nth(3).locator(".clip").textContent())!;
  await page.keyboard.press("d");
  await expect(page.locator("#words-title")).toContainText(`Topic ${other.split(" ")[0]}`);
});

test("the filter of a selected topic goes with the color of the topics, and comes back with it", async ({ page }) => {
  await open(page, "n=600&topics=12", "page=documents&topic=2");
  await ready(page);
  const chips = page.getByRole("list", { name: "Filters" });
  await expect(chips).toContainText("topic");
  await page.locator("#color-by").selectOption({ label: "stroke width" });
  await expect(chips).toHaveCount(0);
  await expect(page.locator("#chip")).toHaveText("600 points");
  await page.locator("#color-by").selectOption({ label: "topic" });
  await expect(chips).toContainText("topic");
  // One that the reader set of another column stays.
  await page.locator("#color-by").selectOption({ label: "digit" });
  await page.locator(".legend button").nth(1).click();
  await page.locator("#color-by").selectOption({ label: "stroke width" });
  await expect(chips).toContainText("digit");
  // What sets a selection apart names the topics, too.
  await page.getByRole("button", { name: /^Select \d+$/ }).click();
  await expect(page.getByRole("region", { name: "What sets it apart" }).getByText(/^topic = /).first()).toBeVisible();
});

test("topics merge into groups with colors, which list their words together", async ({ page }) => {
  await open(page, "n=600&topics=40");
  await shown(page);
  const before = await picture(page);
  const slider = page.getByRole("slider", { name: "Groups that the topics are merged into" });
  await slider.fill("4");
  await expect(slider).toHaveAttribute("aria-valuetext", "6 groups");
  const groups = page.getByRole("list", { name: /Groups of topics/ }).getByRole("button");
  await expect(groups).toHaveCount(6);
  await rest(page);
  expect((await picture(page)).equals(before)).toBe(false);
  const many = await groups.locator(".count").allTextContents();
  expect(many.map(Number).reduce((a, b) => a + b)).toBe(40);
  await groups.first().click();
  await expect(page.locator("#words-title")).toContainText(/topics together|Topic/);
  await expect(bars(page)).toHaveCount(30);
  await expect.poll(() => page.url()).toContain("groups=6");
});

test("a topic is followed along a column, and those that changed most are shown small", async ({ page }) => {
  await open(page, "n=600&topics=20");
  await shown(page);
  const small = page.locator("#times-title ~ ul button");
  await expect(small).toHaveCount(12);
  await small.first().click();
  await expect(page.locator("#words-title")).toContainText("Topic");
  const chart = page.getByRole("slider", { name: "Share along date" });
  await chart.focus();
  await page.keyboard.press("ArrowRight");
  await expect(chart).toHaveAttribute("aria-valuetext", /^1990: /);
  await expect(page.locator(".said")).toContainText(/1990: .* of \d+ documents/);
});

test("one, two and three topics, and topics without measures and times, are shown", async ({ page }) => {
  for (const k of [1, 2, 3]) {
    await open(page, `n=90&topics=${k}&bare=1`);
    await shown(page);
    await page.keyboard.press("ArrowRight");
    await expect(page.locator("#words-title")).toContainText("Topic 1");
    await expect(bars(page).first()).toBeVisible();
    await expect(page.getByText("These topics were not measured.")).toBeVisible();
  }
});

test("a circle beneath another is reached by a second click", async ({ page }) => {
  await open(page, "n=600&topics=100");
  await shown(page);
  const places = await page.evaluate(() => Array.from({ length: 100 }, (_, i) => window.explorer.circle(i)!));
  const pair = places.flatMap(([x, y, r], i) => places.flatMap(([u, v, s], j) => (i < j && Math.hypot(x - u, y - v) + s < r + s * 0.5 ? [[i, j] as const] : [])))[0];
  expect(pair, "two circles of which one lies on the other").toBeDefined();
  const { x, y } = await circle(page, pair![1]);
  const seen = new Set<number | null>();
  for (let i = 0; i < 4; i++) {
    await page.mouse.click(x, y);
    seen.add(await page.evaluate(() => window.explorer.topic));
  }
  expect(seen.size).toBeGreaterThan(1);
});

test("a thousand topics do not stutter", async ({ page }) => {
  await open(page, "n=600&topics=1000");
  await shown(page);
  const { hover, whole } = (await page.evaluate(() => window.explorer.timeTopics(60)))!;
  const median = (list: number[]) => [...list].sort((a, b) => a - b)[list.length >> 1]!;
  test.info().annotations.push({ type: "1,000 topics", description: `a hover ${median(hover).toFixed(1)} ms, a whole picture ${median(whole).toFixed(1)} ms` });
  expect(median(hover)).toBeLessThan(16);
  expect(median(whole)).toBeLessThan(100);
});

test("names and words that look like markup stay text", async ({ page }) => {
  await open(page, "n=200&topics=3&hostile=1", "topic=1");
  await shown(page);
  await expect(page.locator(".name")).toContainText("<script>");
  await expect(bars(page).first()).toContainText("<");
  await page.getByRole("button", { name: /^Document \d/ }).first().click();
  await expect(page.locator("mark").first()).toBeVisible();
  await page.keyboard.press("d");
  await ready(page);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  expect(await page.locator("#app script, #app img[src=x]").count()).toBe(0);
});

for (const scheme of ["light", "dark"] as const)
  test(`every control of the topics is named and readable in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const hash of ["", "topic=3&word=20", "topic=3&groups=6", "row=7", "page=documents&row=7&topic=3"]) {
      await open(page, "n=500&topics=20", hash);
      await page.waitForTimeout(900);
      await page.evaluate(AXE);
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
        const { violations } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
        return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.failureSummary.split("\n")[1]}`).join(" | ")}`);
      });
      expect(found, hash).toEqual([]);
    }
  });

test("in a narrow window the words lie below the map, and the list is a sheet", async ({ page }) => {
  await page.setViewportSize({ width: 800, height: 900 });
  await open(page, "n=300&topics=12", "topic=3");
  await shown(page);
  const [map, words] = await Promise.all([page.locator(".topics").boundingBox(), page.locator("#words-title").boundingBox()]);
  expect(words!.y).toBeGreaterThan(map!.y + map!.height - 1);
  await expect(page.locator("#topics-title")).toBeHidden();
  await page.getByRole("button", { name: "Topics, and how far to trust them" }).click();
  await expect(page.locator("#topics-title")).toBeVisible();
});
