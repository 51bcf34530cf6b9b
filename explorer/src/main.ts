import "@fontsource-variable/inter/wght.css";
import "./style.css";
import { inOrder, type Room } from "./core/room.ts";
import { openSource } from "./data/open.ts";
import * as listed from "./rooms/index.ts";
import { start } from "./start.ts";

const here = new URL(location.href);
const more: Room[] = [];
// The template of docs and tests is a room of test builds.
if (import.meta.env.MODE === "test" && here.searchParams.has("template")) more.push((await import("../tests/room/index.ts")).template);
const rooms = inOrder([...Object.values(listed), ...more]);
const store = start(await openSource(here.searchParams, rooms), rooms);
// The cookie stands for the token from now on; it should not linger in the address.
if (here.searchParams.has("token")) history.replaceState(null, "", store.address());
