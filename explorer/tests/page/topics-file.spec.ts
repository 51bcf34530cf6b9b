// The page of topics as one file, as it is shipped, opened without any server.
import { pathToFileURL } from "node:url";
import { expect, type Page, test as base } from "@playwright/test";
import { demoTopics } from "../../src/rooms/topics/demo.ts";
import { embed, writeFile } from "./embed.ts";
import { SERVER } from "./harness.ts";

const test = base.extend<{ watch: { asked: string[]; errors: string[] } }>({
  watch: [
    async ({ page }, use) => {
      const watch = { asked: [] as string[], errors: [] as string[] };
      page.on("request", (r) => !/^(data|blob):/.test(r.url()) && watch.asked.push(r.url()));
      page.on("pageerror", (e) => watch.errors.push(e.message));
      page.on("console", (m) => m.type() === "error" && watch.errors.push(m.text()));
      await use(watch);
      expect(watch.errors, "errors in the page, breaches of its policy among them").toEqual([]);
      expect(new Set(watch.asked.map((u) => u.split("#")[0])).size, "it asks for itself alone").toBeLessThanOrEqual(1);
    },
    { auto: true },
  ],
});
test.skip(SERVER !== null, "needs the built file");

async function openFile(page: Page, path: string, k: number, shown: number, hash = ""): Promise<void> {
  writeFile(path, k === 0 ? null : await embed(demoTopics(k, 300, (row) => row % 10, k === 4), 300, shown));
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${pathToFileURL(path).href}${hash}`);
}
const bars = (page: Page) => page.getByRole("listbox", { name: /most (relevant|salient) words/ }).getByRole("option");

test("shows topics, words, documents, times and the documents' map from the file alone", async ({ page, watch }, info) => {
  await openFile(page, info.outputPath("topics.html"), 12, 200);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("LDA of 300 documents, 12 topics");
  await expect(bars(page)).toHaveCount(30);
  await page.waitForFunction(() => window.explorer.circle(0) !== null);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("#words-title")).toContainText("Topic 1");
  await expect.poll(() => page.url()).toMatch(/[#&]topic=/);
  await page.getByRole("slider", { name: /Relevance/ }).fill("0.2");
  await bars(page).first().hover();
  await expect(page.getByText(/^Circles show “/)).toBeVisible();
  await expect(page.getByRole("slider", { name: "Share along date" })).toBeVisible();
  await page.getByRole("button", { name: /^Document \d+/ }).first().click();
  expect(await page.locator("mark:not(.other)").count()).toBeGreaterThan(3);
  await expect(page.getByText(/color of its main topic/)).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  await page.waitForFunction(() => window.explorer.count === 200);
  await expect(page.locator(".legend button[aria-pressed=true]")).toContainText(/^1 |\s1 /);
  await expect(page.getByText("Nearest in the data")).toBeHidden();
  // The address follows a moment later.
  await expect.poll(() => page.url()).toMatch(/page=documents/);
  await page.reload();
  await page.waitForFunction(() => window.explorer?.page === "documents" && window.explorer.topic !== null);
  expect(watch.asked.every((u) => u.startsWith("file:"))).toBe(true);
});

for (const k of [1, 2, 3, 4])
  test(`${k} ${k === 1 ? "topic" : "topics"} without a map${k === 4 ? ", with names like markup" : ""}`, async ({ page }, info) => {
    await openFile(page, info.outputPath("topics.html"), k, 0);
    await page.waitForFunction(() => window.explorer?.circle(0) !== null);
    await expect(page.getByRole("button", { name: "Documents", exact: true })).toBeHidden();
    for (let i = 1; i <= k; i++) {
      await page.keyboard.press("ArrowRight");
      await expect(page.locator("#words-title")).toContainText(`Topic ${i}`);
      await expect(bars(page).first()).toBeVisible();
    }
    await page.getByRole("button", { name: /^Document \d+/ }).first().click();
    await expect(page.locator("#document-title")).toContainText("Document");
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  });

test("a file without topics says so", async ({ page }, info) => {
  await openFile(page, info.outputPath("topics.html"), 0, 0);
  await expect(page.getByRole("alert")).toContainText("This file holds nothing to show.");
});
