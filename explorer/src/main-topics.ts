// The page of topics as one file: the same page, with what the file itself holds.
import "./font-latin.css";
import "./style.css";
import { embeddedSource, readEmbedded } from "./data/embedded.ts";
import { start } from "./start.ts";

start(embeddedSource(readEmbedded()));
