// Milliseconds a frame of the page in a real browser: generated maps, moved, pointed at, colored and filtered as a reader does.
//
//     make bench-page                          # 60,000, 1,000,000 and 5,000,000 points in headless Chromium, without a GPU
//     bench/run page 1000000 renderer=webgl2   # other sizes, other parts of the page's address
//
// A frame lasts from one animation frame to the next (16.7 ms at best); what is not continuous, from the event to the end of the frame
// that shows it. Printed: median and 95th percentile.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const explorer = fileURLToPath(new URL("../explorer/", import.meta.url));
const { chromium } = createRequire(`${explorer}package.json`)("@playwright/test");
const PORT = Number(process.env.PORT ?? 4317);
const given = process.argv.slice(2);
const sizes = given.filter((a) => /^\d+$/.test(a)).map(Number);
const query = given.filter((a) => a.includes("="));

/** Runs in the page: what a reader does, and how long each frame took. */
async function measure() {
  const host = document.querySelector(".map");
  const box = host.getBoundingClientRect();
  const [cx, cy] = [box.left + box.width / 2, box.top + box.height / 2];
  const frame = () => new Promise((done) => requestAnimationFrame(() => done(performance.now())));
  const rest = (ms = 700) => new Promise((done) => setTimeout(done, ms));
  /** After the next frame was drawn. */
  const drawn = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  }));
  const point = (type, x, y, more = {}) => host.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", bubbles: true, ...more }));
  host.setPointerCapture = () => {};
  async function frames(n, step) {
    await rest();
    const spent = [];
    let before = await frame();
    for (let i = 0; i < n; i++) {
      step(i);
      const now = await frame();
      spent.push(now - before);
      before = now;
    }
    return spent;
  }
  async function steps(n, step) {
    const spent = [];
    for (let i = 0; i < n; i++) {
      await rest(300);
      await frame();
      const begun = performance.now();
      step(i);
      spent.push((await drawn()) - begun);
    }
    return spent;
  }
  const found = {};
  point("pointermove", cx, cy);
  await rest(1500); // what is prepared at the first hover is no frame of a movement
  point("pointerdown", cx, cy, { button: 0 });
  found.pan = await frames(60, (i) => point("pointermove", cx + 150 * Math.sin(i / 8), cy + 100 * Math.cos(i / 11)));
  point("pointerup", cx, cy, { button: 0 });
  found.zoom = await frames(60, (i) => host.dispatchEvent(new WheelEvent("wheel", { clientX: cx + 80, clientY: cy + 50, deltaY: i < 30 ? -60 : 60, bubbles: true, cancelable: true })));
  found.hover = await frames(60, (i) => point("pointermove", cx + 200 * Math.sin(i / 5), cy + 150 * Math.cos(i / 7)));
  point("pointerdown", cx - 40, cy - 40, { button: 0, shiftKey: true });
  found["lasso step"] = await frames(40, (i) => point("pointermove", cx + 120 * Math.cos(i / 6.3), cy + 120 * Math.sin(i / 6.3), { shiftKey: true }));
  found["lasso end"] = await steps(1, () => point("pointerup", cx, cy, { button: 0 }));
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  const select = document.querySelector("#color-by");
  const color = (by) => {
    select.value = by;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const columns = ["stroke width", "digit"];
  for (const by of columns) {
    color(by); // fetched once
    await rest(2500);
  }
  found["color change"] = await steps(6, (i) => color(columns[i % 2]));
  const entries = () => [...document.querySelectorAll(".legend li button")];
  found["legend entry"] = await steps(8, (i) => {
    const [on, off] = [entries()[i % 4], entries()[(i + 3) % 4]];
    if (i > 0) off.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
    on.dispatchEvent(new PointerEvent("pointerenter", { pointerType: "mouse" }));
  });
  entries()[3].dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
  found.filter = await steps(8, (i) => entries()[i >> 1].click());
  color("stroke width");
  await rest(1500);
  const handle = document.querySelector(".histogram .handle");
  found["histogram step"] = await steps(8, () => handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true })));
  return found;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

async function main() {
  const built = spawnSync("npm", ["run", "--silent", "build:test", "--", "--logLevel", "error"], { cwd: explorer, stdio: "inherit" });
  if (built.status !== 0) process.exit(1);
  const server = spawn("npx", ["vite", "preview", "--outDir", "dist-test", "--port", String(PORT), "--strictPort"], { cwd: explorer, stdio: "ignore", detached: true });
  const address = `http://localhost:${PORT}/`;
  try {
    for (let i = 0; !(await fetch(address).catch(() => null))?.ok; i++) {
      if (i > 100) throw new Error(`${address} does not answer`);
      await new Promise((done) => setTimeout(done, 100));
    }
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", "--js-flags=--max-old-space-size=6000"] });
    for (const n of sizes.length > 0 ? sizes : [60_000, 1_000_000, 5_000_000]) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(`${address}?${["source=demo", `n=${n}`, ...query].join("&")}`);
      await page.waitForFunction((n) => window.explorer?.count === n && window.explorer.phase === "done", n, { timeout: 300_000 });
      await page.waitForTimeout(3000);
      const found = await page.evaluate(measure);
      console.log(`\n${n.toLocaleString("en")} points, drawn by ${await page.evaluate(() => window.explorer.renderer)}${" ".repeat(6)}median ms    95 %`);
      for (const [name, spent] of Object.entries(found)) {
        const sorted = spent.sort((a, b) => a - b);
        console.log(`  ${name.padEnd(36)}${at(sorted, 0.5).toFixed(1).padStart(9)}${at(sorted, 0.95).toFixed(1).padStart(8)}`);
      }
      await page.close();
    }
    await browser.close();
  } finally {
    process.kill(-server.pid);
  }
}
await main();
