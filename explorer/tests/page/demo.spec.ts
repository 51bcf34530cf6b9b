// What needs data made for the purpose.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, learned, open, type Page, pixels, ready, rest, SERVER, test, visibleRow } from "./harness.ts";

test.skip(SERVER !== null, "needs test data");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("the map moves while it is learned, and can be stopped and kept", async ({ page }) => {
  await open(page, "n=2000&live=1&slow=1");
  await page.waitForFunction(() => window.explorer?.version > 3);
  await expect(page.getByRole("progressbar", { name: "Learning" })).toBeVisible();
  await expect(page.getByText(/step [\d,]+ of 750/)).toBeVisible();
  const places = () => page.evaluate(() => Array.from({ length: 50 }, (_, i) => window.explorer.place(i)!));
  const before = { places: await places(), picture: await pixels(page), version: await page.evaluate(() => window.explorer.version) };
  await page.waitForTimeout(700);
  const after = await places();
  const moved = after.filter((p, i) => Math.hypot(p[0] - before.places[i]![0], p[1] - before.places[i]![1]) > 0.5).length;
  expect(moved).toBeGreaterThan(25);
  expect((await pixels(page)).equals(before.picture)).toBe(false);
  expect(await page.evaluate(() => window.explorer.version)).toBeGreaterThan(before.version);
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await page.waitForFunction(() => window.explorer.phase === "stopped");
  await expect(page.getByRole("progressbar")).toBeHidden();
  await expect(page.getByRole("meter", { name: "Neighbors kept" })).toBeVisible();
});

test("between two versions points glide; with reduced motion they do not", async ({ page }) => {
  const steps = async () => {
    const seen = await page.evaluate(async () => {
      const places: number[] = [];
      for (let i = 0; i < 40; i++) {
        await new Promise(requestAnimationFrame);
        places.push(window.explorer.place(1)![0]);
      }
      return places;
    });
    return new Set(seen.map((x) => x.toFixed(2))).size;
  };
  await open(page, "n=500&live=1&slow=1");
  await page.waitForFunction(() => window.explorer?.version > 5);
  expect(await steps()).toBeGreaterThan(12);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "n=500&live=1&slow=1");
  await page.waitForFunction(() => window.explorer?.version > 5);
  expect(await steps()).toBeLessThan(12);
});

test("a hover tells of the row under the pointer", async ({ page }) => {
  await open(page);
  await ready(page);
  const { row, x, y } = await visibleRow(page, 20);
  await page.mouse.move(x, y);
  await expect(page.locator(".tip")).toContainText(String(row));
  await expect(page.locator(".tip img")).toBeVisible();
});

test("names that look like markup stay text", async ({ page }) => {
  await open(page, "n=300&hostile=1", "row=7&table=1");
  await ready(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("</title><b>bold</b>");
  await expect(page.locator(".legend")).toContainText("<script>window.pwned=1</script>0");
  await page.keyboard.press("/");
  await page.keyboard.type("<img");
  await expect(page.getByRole("option").first()).toContainText("<img src=x onerror=window.pwned=1>");
  await page.keyboard.press("Escape");
  const box = (await page.locator(".map").boundingBox())!;
  await page.mouse.move(box.x + 300, box.y + 300);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  expect(await page.locator("#app script, #app b:text-is('bold')").count()).toBe(0);
});

test("coordinates around 1e7 show distinct points", async ({ page }) => {
  await open(page, "n=400&offset=10000000");
  await ready(page);
  const far = await page.evaluate(() => Array.from({ length: 400 }, (_, i) => window.explorer.place(i)!.map((c) => c.toFixed(3)).join()));
  await open(page, "n=400");
  await ready(page);
  const near = await page.evaluate(() => Array.from({ length: 400 }, (_, i) => window.explorer.place(i)!.map((c) => c.toFixed(3)).join()));
  expect(far).toEqual(near);
  expect(new Set(far).size).toBeGreaterThan(395);
});

test("a click in the legend shows only that category, and more clicks add to it", async ({ page }) => {
  await open(page, "n=1000");
  await ready(page);
  const before = await pixels(page);
  const legend = page.locator(".legend button");
  await legend.nth(2).click();
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(false);
  await expect(legend.nth(2)).toHaveAttribute("aria-pressed", "true");
  await legend.nth(4).click();
  await expect.poll(() => page.url()).toContain("only=digit%3A2.4");
  await page.getByRole("button", { name: "Show all again" }).click();
  await rest(page);
  expect((await pixels(page)).equals(before)).toBe(true);
});

test("in 3-D a drag turns the map and a click finds the point on top", async ({ page }) => {
  for (const renderer of ["raster", "webgl2"]) {
    await open(page, `n=2000&dims=3&renderer=${renderer}`);
    await ready(page);
    expect(await page.evaluate(() => window.explorer.renderer)).toBe(renderer);
    const before = await page.evaluate(() => window.explorer.place(1)!);
    const box = (await page.locator(".map").boundingBox())!;
    await page.mouse.move(box.x + 20, box.y + 120);
    await page.mouse.down();
    await page.mouse.move(box.x + 160, box.y + 150, { steps: 4 });
    await page.mouse.up();
    await rest(page);
    const after = await page.evaluate(() => window.explorer.place(1)!);
    expect(Math.hypot(after[0] - before[0], after[1] - before[1])).toBeGreaterThan(1);
    const { row, x, y } = await visibleRow(page, 11);
    await page.mouse.click(x, y);
    await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(row);
    await page.getByRole("button", { name: "2-D" }).click();
    await rest(page);
    await page.getByRole("button", { name: "3-D", exact: true }).click();
  }
});

test("both renderers put the points in the same places", async ({ page }) => {
  const drawn: string[][] = [];
  for (const renderer of ["raster", "webgl2"]) {
    await open(page, `n=300&renderer=${renderer}`);
    await ready(page);
    expect(await page.evaluate(() => window.explorer.renderer)).toBe(renderer);
    // Where a point stands alone, its middle has its color; sampled from a screenshot, as WebGL keeps no picture.
    const shot = await page.locator("canvas.points").screenshot();
    drawn.push(
      await page.evaluate(async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
        const c = document.createElement("canvas");
        [c.width, c.height] = [bitmap.width, bitmap.height];
        const g = c.getContext("2d")!;
        g.drawImage(bitmap, 0, 0);
        return Array.from({ length: 300 }, (_, row) => {
          const [x, y] = window.explorer.place(row)!;
          return [...g.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.slice(0, 3)].join();
        });
      }, [...shot]),
    );
  }
  const [raster, gl] = drawn;
  const alike = raster!.filter((c, i) => {
    const [a, b] = [c.split(",").map(Number), gl![i]!.split(",").map(Number)];
    return Math.max(...a.map((v, k) => Math.abs(v - b[k]!))) < 40;
  }).length;
  expect(alike).toBeGreaterThan(280);
});

test("learning again is told, and a wrong parameter is refused in words", async ({ page }) => {
  await open(page, "n=600");
  await ready(page);
  const perplexity = page.getByRole("spinbutton", { name: "Perplexity" });
  await perplexity.fill("1.5");
  await page.getByRole("button", { name: "Refit", exact: true }).click();
  await expect(page.locator("form .failure")).toContainText("perplexity: 1.5 was given; it can be a number from 2 to 1000.");
  await perplexity.fill("500");
  await page.getByRole("button", { name: "Refit", exact: true }).click();
  await expect(page.locator("form .failure")).toContainText("too large for 600 rows; it is at most 200");
  await perplexity.fill("50");
  await learned(page, () => page.getByRole("button", { name: "Refit", exact: true }).click());
  await expect(perplexity).toHaveValue("50");
});

test("a method is learned by one click and its map shown again by another, from where it was seen last", async ({ page }) => {
  await open(page, "n=600&takes=0.5");
  await ready(page);
  const places = () => page.evaluate(() => Array.from({ length: 20 }, (_, i) => window.explorer.place(i)!));
  await page.locator(".map").focus();
  await page.keyboard.press("+");
  await rest(page);
  const tsne = await places();
  for (const name of ["UMAP", "PCA"]) {
    await page.getByRole("button", { name: `Learn ${name}`, exact: true }).click();
    await page.waitForFunction(() => window.explorer.phase === "fitting");
    await ready(page);
  }
  const list = page.getByRole("region", { name: "Maps" }).locator("li");
  await expect(list).toHaveCount(3);
  await expect(list.nth(2).getByRole("button").first()).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { name: /^Learn (UMAP|PCA|t-SNE)$/ })).toHaveCount(0);
  await list.nth(0).getByRole("button").first().click();
  await rest(page);
  await expect(page.locator(".what")).toContainText("t-SNE of 600");
  const again = await places();
  for (const [i, p] of again.entries()) expect(Math.hypot(p[0] - tsne[i]![0], p[1] - tsne[i]![1])).toBeLessThan(0.5);
  await page.keyboard.press("]");
  await expect(list.nth(1).getByRole("button").first()).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByLabel("Method")).toHaveValue("umap");
});

test("while one map is learned another can be looked at", async ({ page }) => {
  await open(page, "n=600&takes=3");
  await ready(page);
  await page.getByRole("button", { name: "Learn UMAP" }).click();
  await page.waitForFunction(() => window.explorer.phase === "fitting");
  await page.getByRole("region", { name: "Maps" }).getByRole("button", { name: "t-SNE perplexity 30" }).click();
  await page.waitForTimeout(900);
  const places = () => page.evaluate(() => window.explorer.place(1)!);
  const before = await places();
  await page.waitForTimeout(500);
  expect(await places()).toEqual(before);
  await expect(page.getByRole("progressbar", { name: "Learning" })).toBeVisible();
  await ready(page);
  await expect(page.locator(".what")).toContainText("t-SNE of 600");
});

test("two maps side by side: looked at from one place, hovered and selected as one, with arrows for what moved", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "n=900&takes=0.3");
  await ready(page);
  await learned(page, () => page.getByRole("button", { name: "Learn UMAP" }).click());
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const panes = page.getByRole("application");
  await expect(panes).toHaveCount(2);
  await rest(page);
  for (const name of ["Neighbors shared", "Similarity (CKA)", "Mismatch after alignment"]) await expect(page.getByRole("meter", { name })).toHaveAttribute("aria-valuetext", /random data would score/);
  expect(await page.evaluate(() => window.explorer.arrows.length)).toBe(300);
  // Zooming one zooms the other.
  const apart = () => page.evaluate(() => [window.explorer.place, window.explorer.placeBeside].map((of) => Math.hypot(of(3)![0] - of(4)![0], of(3)![1] - of(4)![1])));
  const before = await apart();
  await page.keyboard.press("+");
  await rest(page);
  const after = await apart();
  for (const i of [0, 1]) expect(after[i]! / before[i]!).toBeCloseTo(1.5, 2);
  await page.keyboard.press("f");
  await rest(page);
  // A row is found in the other map, too: by hovering and by a click.
  const box = (await panes.nth(1).boundingBox())!;
  const { row, x, y } = await page.evaluate(([width, height]) => {
    for (let row = 0; row < window.explorer.count; row++) {
      const p = window.explorer.placeBeside(row)!;
      if (p[0] > 60 && p[1] > 80 && p[0] < width! - 60 && p[1] < height! - 90) return { row, x: p[0], y: p[1] };
    }
    throw new Error("no row");
  }, [box.width, box.height]);
  const overlay = page.locator("canvas.overlay").first();
  const still = await overlay.screenshot();
  await page.mouse.move(box.x + x, box.y + y);
  await expect(page.locator(".pane").nth(1).locator(".tip")).toBeVisible();
  await rest(page);
  expect((await overlay.screenshot()).equals(still)).toBe(false);
  await page.mouse.click(box.x + x, box.y + y);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).not.toBeNull();
  expect(await page.evaluate(() => window.explorer.arrows)).toEqual([await page.evaluate(() => window.explorer.row)]);
  expect(typeof row).toBe("number");
  await page.keyboard.press("Escape");
  // A lasso on the second map selects the same rows in both.
  await rest(page);
  const other = (await panes.nth(1).boundingBox())!;
  await page.keyboard.press("l");
  await page.mouse.move(other.x + 40, other.y + 120);
  await page.mouse.down();
  for (const [px, py] of [[0.9, 120], [0.9, 500], [0.1, 500]] as const) await page.mouse.move(other.x + other.width * px, other.y + py, { steps: 3 });
  await page.mouse.up();
  const rows = await page.evaluate(() => window.explorer.rows!);
  expect(rows.length).toBeGreaterThan(20);
  expect(await page.evaluate(() => window.explorer.arrows)).toEqual(rows);
  // The two change places when the second one is chosen to be shown.
  await page.getByRole("region", { name: "Maps" }).getByRole("button", { name: "t-SNE perplexity 30" }).click();
  await expect(page.getByLabel("Map beside", { exact: true })).toHaveValue("2");
  await page.getByRole("button", { name: "Close the map beside" }).click();
  await expect(panes).toHaveCount(1);
});

test("two maps in 3-D are laid onto each other and turned as one", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "n=600&dims=3&takes=0.3");
  await ready(page);
  await page.locator("#method").selectOption("umap");
  await page.getByRole("spinbutton", { name: "Dimensions" }).fill("3");
  await learned(page, () => page.getByRole("button", { name: "Learn", exact: true }).click());
  expect(await page.evaluate(() => window.explorer.dims)).toBe(3);
  await page.keyboard.press("s");
  await expect(page.getByRole("application")).toHaveCount(2);
  await rest(page);
  expect(await page.evaluate(() => window.explorer.arrows.length)).toBe(300);
  await expect(page.getByText("the 300 rows that moved most")).toBeVisible();
  // The median row lies where it lies in the other map, and stays there as one of them is turned.
  const apart = () =>
    page.evaluate(() => {
      const all = Array.from({ length: window.explorer.count }, (_, row) => [window.explorer.place(row)!, window.explorer.placeBeside(row)!] as const);
      return { median: all.map(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1])).sort((a, b) => a - b)[300]!, there: all.map(([, b]) => b) };
    });
  const before = await apart();
  const box = (await page.getByRole("application").first().boundingBox())!;
  expect(before.median).toBeLessThan(box.width / 8);
  await page.mouse.move(box.x + 20, box.y + 120);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 150, { steps: 4 });
  await page.mouse.up();
  await rest(page);
  const after = await apart();
  expect(after.median).toBeLessThan(box.width / 8);
  expect(after.there.filter((p, row) => Math.hypot(p[0] - before.there[row]![0], p[1] - before.there[row]![1]) > 3).length).toBeGreaterThan(300);
});

test("a map is made again, tells what of it is stable, as a whole and by row, and which groups are its own", async ({ page }) => {
  await open(page, "n=600&takes=1", "row=7");
  await ready(page);
  const plain = await pixels(page);
  const test = page.getByRole("button", { name: "Refit 5 times" });
  await test.click();
  await expect(page.getByRole("progressbar", { name: "Testing stability" })).toBeVisible();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await test.click();
  await expect(page.getByText("map 3 of 6")).toBeVisible();
  const seeds = page.getByRole("meter", { name: "Same with another seed" });
  await expect(seeds).toHaveAttribute("aria-valuetext", /unrelated maps would score 2\.5/);
  await expect(page.getByText("stay the same with another seed")).toBeVisible();
  await expect(page.locator("#row-title").locator("..").getByText("same with another seed")).toBeVisible();
  await page.getByRole("button", { name: "Color by resampling" }).click();
  await expect(page.locator("#color-by")).toHaveValue("@draws");
  await expect(page.getByText("without a value (grey)")).toBeVisible();
  await rest(page);
  expect((await pixels(page)).equals(plain)).toBe(false);
  await expect.poll(() => page.url()).toContain("by=%40draws");
  expect(await breaches(page)).toEqual([]);
  // Groups that the map made up or tore apart are selected by a click.
  const groups = page.getByRole("region", { name: "Groups" });
  await expect(groups.getByRole("heading", { name: "Split by the map" })).toBeVisible();
  const madeUp = groups.getByRole("button", { name: /62 % of their true neighbors are outside the group/ });
  const many = Number(/^([\d,]+) rows/.exec((await madeUp.textContent())!)![1]);
  await madeUp.click();
  await expect(page.getByRole("heading", { name: `${many} selected` })).toBeVisible();
  expect(await page.evaluate(() => window.explorer.rows!.length)).toBe(many);
});

test("parameters are called as their description calls them, and columns are chosen from those that there are", async ({ page }) => {
  await open(page, "n=300&takes=0.2");
  await ready(page);
  await page.locator("#method").selectOption("umap");
  await page.locator("form summary").click();
  await expect(page.getByRole("switch", { name: "densMAP" })).toBeVisible();
  const target = page.getByRole("combobox", { name: "Target" });
  await expect(target.locator("option")).toHaveText(["auto", "none", "digit", "split"]);
  await target.selectOption("digit");
  await learned(page, () => page.getByRole("button", { name: "Learn", exact: true }).click());
  await expect(page.locator(".what")).toContainText("neighbors 15");
  await expect(target).toHaveValue("digit");
});

test("one parameter is tried in several sizes, shown small with its measures, and one of them large", async ({ page }) => {
  await open(page, "n=600&takes=0.3");
  await ready(page);
  await page.getByRole("button", { name: "Compare values" }).click();
  const sizes = page.getByRole("textbox", { name: "Perplexity" });
  await expect(sizes).toHaveValue("5, 15, 30, 50, 100");
  await sizes.fill("5, many");
  await page.getByRole("button", { name: "Learn these" }).click();
  await expect(page.locator("form .failure")).toContainText("perplexity: “many” was given");
  await sizes.fill("5 20; 400");
  await page.getByRole("button", { name: "Learn these" }).click();
  await expect(page.locator("form .failure")).toContainText("too large for 600 rows; it is at most 200");
  await sizes.fill("5 20; 60");
  await sizes.press("Enter");
  const several = page.getByRole("region", { name: "Maps for several values" });
  await expect(several.locator("li")).toHaveCount(3);
  await expect(several).toContainText("Waiting");
  await page.waitForFunction(() => window.explorer.phase === "done");
  for (const size of [5, 20, 60]) await expect(several.getByRole("button", { name: `Perplexity ${size} kept` })).toBeEnabled();
  // Each is another picture, and one of them keeps most.
  const pictures = await several.locator("canvas").evaluateAll((all) => all.map((c) => (c as HTMLCanvasElement).toDataURL()));
  expect(new Set(pictures).size).toBe(3);
  await expect(several.locator(".best").first()).toBeVisible();
  await several.getByRole("button", { name: "Perplexity 20" }).click();
  await expect(several).toBeHidden();
  await expect(page.locator(".what")).toContainText("perplexity 20");
  await page.keyboard.press("g");
  await expect(several.getByRole("button", { name: "Perplexity 20" })).toHaveAttribute("aria-current", "true");
  await expect.poll(() => page.url()).toContain("grid=1");
  await page.keyboard.press("Escape");
  await expect(several).toBeHidden();
});

test("a grid that is stopped keeps what there is", async ({ page }) => {
  await open(page, "n=600&takes=1.5");
  await ready(page);
  await page.getByRole("button", { name: "Compare values" }).click();
  await page.getByRole("button", { name: "Learn these" }).click();
  const several = page.getByRole("region", { name: "Maps for several values" });
  await expect(several.getByRole("button", { name: "Perplexity 5 kept" })).toBeEnabled({ timeout: 10_000 });
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await page.waitForFunction(() => window.explorer.phase === "stopped");
  await expect(several.getByText("Not learned")).toHaveCount(3);
  await expect(several.getByRole("button", { name: "Perplexity 15 kept" })).toBeEnabled();
});

test("each state says what is going on", async ({ page }) => {
  await open(page, "phase=reading");
  await expect(page.locator(".wait")).toContainText("Reading");
  await open(page, "phase=failed");
  await expect(page.getByRole("alert")).toContainText("row 312 has 783");
  await expect(page.getByRole("alert")).toContainText("latent describe");
});

test("without a GPU the CPU draws, and it is said quietly", async ({ page }) => {
  await open(page);
  await ready(page);
  expect(await page.evaluate(() => window.explorer.renderer)).toBe("raster");
  await expect(page.getByText("Drawing on the CPU: no GPU found.")).toBeVisible();
});

test("a lost graphics context falls back to the CPU", async ({ page }) => {
  await open(page, "n=500&renderer=webgl2");
  await ready(page);
  await page.evaluate(() => (document.querySelector("canvas.points") as HTMLCanvasElement).getContext("webgl2")!.getExtension("WEBGL_lose_context")!.loseContext());
  await page.waitForFunction(() => window.explorer.renderer === "raster");
  await rest(page);
  const { row, x, y } = await visibleRow(page);
  await page.mouse.click(x, y);
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(row);
});

test("in a narrow window the sides are sheets", async ({ page }) => {
  await page.setViewportSize({ width: 800, height: 600 });
  await open(page);
  await ready(page);
  await expect(page.locator("#color-by")).toBeHidden();
  await page.getByRole("button", { name: "Color, trust and map" }).click();
  await expect(page.locator("#color-by")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("#color-by")).toBeHidden();
});

async function breaches(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    const { violations } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 120)} ${n.failureSummary.split("\n")[1]}`).join(" | ")}`);
  });
}

for (const scheme of ["light", "dark"] as const)
  test(`every control is named and readable in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const [query, hash] of [["n=500", "row=7&table=1&only=digit:1"], ["n=500&typed=1", "by=price&only=price:20_90&only=grade:1.none"], ["n=500", "rows=1.2.3.4&by=%40kept&shade=1"], ["n=500&live=1&slow=1", ""], ["phase=failed", ""], ["phase=empty", ""]] as const) {
      await open(page, query, hash);
      await page.waitForTimeout(900);
      expect(await breaches(page), `${query} ${hash}`).toEqual([]);
    }
    await open(page, "n=500&takes=0.2");
    await ready(page);
    await learned(page, () => page.getByRole("button", { name: "Learn UMAP" }).click());
    await page.keyboard.press("s");
    await expect(page.getByRole("meter", { name: "Neighbors shared" })).toBeVisible();
    expect(await breaches(page), "two maps").toEqual([]);
    await page.getByRole("button", { name: "Compare values" }).click();
    await page.getByRole("textbox", { name: "Neighbors" }).fill("5, 50");
    expect(await breaches(page), "a grid to be asked for").toEqual([]);
    await page.getByRole("button", { name: "Learn these" }).click();
    await expect(page.getByRole("region", { name: "Maps for several values" }).getByText("Waiting")).toBeVisible();
    expect(await breaches(page), "a grid that is learned").toEqual([]);
    await ready(page);
    expect(await breaches(page), "a grid").toEqual([]);
  });

test("of many columns one is found by its name, and colors the map", async ({ page }) => {
  await open(page, "n=400");
  await ready(page);
  await page.locator("#find-column").fill("pixel 12, 3");
  await page.getByRole("listbox", { name: "Columns found" }).getByRole("option").first().click();
  await expect(page.locator("#color-by")).toHaveValue("@observed:339");
  await expect(page.getByRole("img", { name: /^Colors from/ })).toBeVisible();
  await expect.poll(() => decodeURIComponent(page.url())).toContain("by=@observed:339");
});
