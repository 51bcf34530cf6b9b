// Units in the names of columns: `flux [mJy]`, `wavelength_nm`.

export interface Quantity {
  name: string;
  /** Empty where the name has none. */
  unit: string;
}

const UNITS = new Set(
  "nm um µm μm mm cm dm km ms us µs ns min hr hz khz mhz ghz ev kev mev mv ma kpa hpa pa bar kg mg ug µg mol jy mjy ppm ppb % deg rad db kw mw kj kcal degc degf °c °f usd eur cm-1 cm^-1".split(" "),
);
/** Single letters are units of what is measured in them alone: `group_a` and `size_m` have none. */
const SINGLE: Record<string, RegExp> = {
  g: /mass|weight/i,
  m: /length|height|width|depth|distance|radius|diameter|altitude|elevation|wavelength/i,
  s: /time|duration|period|delay|lag/i,
  h: /time|duration|period/i,
  k: /temp/i,
  c: /temp/i,
  v: /volt|potential/i,
};
const isUnit = (unit: string, of: string) => UNITS.has(unit.toLowerCase()) || (SINGLE[unit.toLowerCase()]?.test(of) ?? false);

/** A column's name without its unit, and the unit. */
export function quantity(name: string): Quantity {
  const told = name.trim();
  const inBrackets = /^(.*?)[\s_]*(?:\[([^[\]]{1,16})\]|\(([^()]{1,16})\))$/.exec(told);
  if (inBrackets) {
    const [, rest = "", square, round] = inBrackets;
    // Round brackets also hold other words.
    if (square !== undefined) return { name: rest, unit: square };
    if (round !== undefined && (isUnit(round, rest) || /[%°/^·²³]/.test(round))) return { name: rest, unit: round };
  }
  const words = told.replace(/_+$/, "");
  const at = Math.max(words.lastIndexOf(" "), words.lastIndexOf("_"));
  const [before, unit] = [words.slice(0, Math.max(0, at)).replace(/[\s_]+$/, ""), words.slice(at + 1)];
  return isUnit(unit, before) ? { name: before, unit } : { name: told, unit: "" };
}

/** A thin space keeps a number and its unit together. */
export const withUnit = (text: string, unit: string): string => (unit === "" ? text : `${text}\u202f${unit}`);
