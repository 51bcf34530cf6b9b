// The binary map of GET /api/map.
import { SourceError } from "./source.ts";
import type { MapData } from "./types.ts";

export const HEADER_BYTES = 64;

/** Reads a map; refuses one whose header and length disagree. Coordinates share memory with `bytes`. */
export function parseMap(bytes: ArrayBuffer): MapData {
  if (bytes.byteLength < HEADER_BYTES) throw new SourceError(`map: ${bytes.byteLength} bytes; a header has ${HEADER_BYTES}`);
  const view = new DataView(bytes);
  const magic = String.fromCharCode(view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3));
  if (magic !== "LSM1") throw new SourceError("map: does not begin with LSM1", "The page and the server may be of different versions.");
  const dims = view.getUint32(4, true);
  if (dims !== 2 && dims !== 3) throw new SourceError(`map: ${dims} dimensions; it can be 2 or 3`);
  const rows = Number(view.getBigUint64(8, true));
  const wanted = HEADER_BYTES + rows * dims * 4;
  if (bytes.byteLength !== wanted) throw new SourceError(`map: ${bytes.byteLength} bytes; ${rows} rows need ${wanted}`);
  const radius = view.getFloat64(48, true);
  return {
    dims,
    rows,
    version: Number(view.getBigUint64(16, true)),
    center: [view.getFloat64(24, true), view.getFloat64(32, true), view.getFloat64(40, true)],
    radius: radius > 0 && Number.isFinite(radius) ? radius : 1,
    coords: new Float32Array(bytes, HEADER_BYTES, rows * dims),
  };
}

/** The inverse, for test data. */
export function packMap(map: MapData): ArrayBuffer {
  const bytes = new ArrayBuffer(HEADER_BYTES + map.coords.length * 4);
  const view = new DataView(bytes);
  [..."LSM1"].forEach((c, i) => view.setUint8(i, c.charCodeAt(0)));
  view.setUint32(4, map.dims, true);
  view.setBigUint64(8, BigInt(map.rows), true);
  view.setBigUint64(16, BigInt(map.version), true);
  map.center.forEach((c, i) => view.setFloat64(24 + 8 * i, c, true));
  view.setFloat64(48, map.radius, true);
  new Float32Array(bytes, HEADER_BYTES).set(map.coords);
  return bytes;
}
