import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "@playwright/test";
import { inOrder, met, pagesOf, type Panel, panelsOf, type Room } from "../../src/core/room.ts";

const src = join(import.meta.dirname, "../../src");
const view = (() => undefined) as unknown as Room["view"];
const panel = (id: string, order: number, more: Partial<Panel> = {}): Panel => ({ id, place: "left", order, component: view, when: () => true, ...more });
const room = (id: string, order: number, more: Partial<Room> = {}): Room => ({ id, order, title: id, view, panels: [], keys: [], ...more });
const map = room("map", 20, { panels: [panel("color", 10), panel("trust", 20)] });
const axes = room("axes", 10, { needs: "axes", panels: [panel("list", 10), panel("row", 5, { everywhere: true, place: "right" })] });
const beside = room("beside", 30, { within: { room: "map", as: "beside", open: () => true }, panels: [panel("both", 15)] });
const rooms = inOrder([beside, map, axes]);

test("a room is offered where the data have what it needs", () => {
  expect(rooms.map((r) => r.id)).toEqual(["axes", "map", "beside"]);
  expect(met(rooms, []).map((r) => r.id)).toEqual(["map", "beside"]);
  const pages = (can: string[], has = (_: Room) => true) => pagesOf(rooms, can, has).map((r) => r.id);
  expect(pages([])).toEqual(["map"]);
  expect(pages(["axes"])).toEqual(["axes", "map"]);
  expect(pages(["axes"], (r) => r !== map)).toEqual(["axes"]);
  // Something is shown in any case.
  expect(pages([], () => false)).toEqual(["map"]);
});

test("a page has its own panels, those of what is shown within it, and those that stand everywhere", () => {
  const ids = (page: Room, place: Panel["place"], can = ["axes"]) => panelsOf(met(rooms, can), page, place).map((p) => p.id);
  expect(ids(map, "left")).toEqual(["color", "both", "trust"]);
  expect(ids(map, "right")).toEqual(["row"]);
  expect(ids(map, "right", [])).toEqual([]);
  expect(ids(axes, "left")).toEqual(["list"]);
});

/** Code of the page, by path. */
const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && /\.(ts|svelte|css)$/.test(f.name))
  .map((f) => join(f.parentPath, f.name));

test("a room is one folder and one line: no other file names it, and rooms do not import each other", () => {
  const names = readdirSync(join(src, "rooms"), { withFileTypes: true }).filter((f) => f.isDirectory()).map((f) => f.name);
  for (const file of files) {
    const path = relative(src, file);
    const text = readFileSync(file, "utf8");
    if (path !== "rooms/index.ts")
      for (const name of names) if (!path.startsWith(`rooms/${name}/`)) expect(text, `${path} imports the room ${name}`).not.toMatch(new RegExp(`from "[./]*(rooms/)?${name}/`));
    if (path !== "rooms/index.ts" && !path.startsWith("rooms/topics/")) expect(/topic/i.test(text), `${path} speaks of topics`).toBe(false);
  }
});
