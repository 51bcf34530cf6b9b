// What is told of the dimensions of a space: the server's types, which are generated.
export type * from "./wire.ts";
