// What pressing and dragging does on the map in place of moving it.
import type { Layer } from "../layer.ts";

/** While it is used, it is drawn over everything else. Places are in CSS pixels from the map's corner. */
export interface Tool extends Layer {
  down(x: number, y: number): void;
  drag(x: number, y: number): void;
  up(): void;
  /** A second finger came: it was no use of the tool. */
  cancel(): void;
}
