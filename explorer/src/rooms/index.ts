// The rooms of the page: one line each.
export { axes } from "./axes/index.ts";
export { compare } from "./compare/index.ts";
export { grid } from "./grid/index.ts";
export { map } from "./map/index.ts";
export { sweep } from "./sweep/index.ts";
export { topics } from "./topics/index.ts";
