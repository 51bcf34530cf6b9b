// A page in one file: the same page, with what the file itself holds.
import "./font-latin.css";
import "./style.css";
import { inOrder } from "./core/room.ts";
import { embeddedSource, readEmbedded } from "./data/embedded.ts";
import * as listed from "./rooms/index.ts";
import { start } from "./start.ts";

const rooms = inOrder(Object.values(listed));
start(embeddedSource(readEmbedded(), rooms), rooms);
