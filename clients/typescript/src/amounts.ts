// Amounts are bigint: numbers of JavaScript end at 2^53, amounts have up to 38 digits.

import { AMOUNTS } from "./names.js";

// A string, a number, or what is between them.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[{}[\]]|[^"{}[\]0-9-]+/g;
const WHOLE = /^-?[0-9]+$/;

/** Parse JSON of the API: members that are amounts become bigint, whatever their length. What is in
 * metadata is the client's own, and stays as JSON.parse() reads it. */
export function parse(text: string): unknown {
  let key = "";
  let depth = 0;
  let metadata = -1; // The depth at which metadata began.
  const quoted = text.replace(TOKEN, (token) => {
    if (token === "{" || token === "[") {
      depth += 1;
      if (key === "metadata" && metadata < 0) metadata = depth;
      key = "";
    } else if (token === "}" || token === "]") {
      if (depth === metadata) metadata = -1;
      depth -= 1;
      key = "";
    } else if (token.startsWith('"')) {
      key = token.slice(1, -1);
    } else if (WHOLE.test(token) && metadata < 0 && AMOUNTS.has(key)) {
      return `"${token}"`;
    }
    return token;
  });
  return amountsOf(JSON.parse(quoted));
}

function amountsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(amountsOf);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === "metadata") return [name, inner];
      if (AMOUNTS.has(name) && typeof inner === "string" && WHOLE.test(inner)) {
        return [name, BigInt(inner)];
      }
      return [name, amountsOf(inner)];
    }),
  );
}

/** Spell a request's body: bigint becomes a string of digits, which the API takes for an amount. */
export function spell(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value);
}

/** Return an amount that people write, such as "12.50", in the smallest unit of an asset with so
 * many decimal places. Nothing is rounded: throws RangeError. */
export function toUnits(amount: string | bigint, scale: number): bigint {
  const found = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(amount.toString());
  if (!found) throw new RangeError(`${amount} is no amount`);
  const [, sign = "", whole = "0", rest = ""] = found;
  if (rest.replace(/0+$/, "").length > scale) {
    throw new RangeError(`${amount} has more than ${scale} decimal places`);
  }
  return BigInt(sign + whole + rest.slice(0, scale).padEnd(scale, "0"));
}

/** Return a number of smallest units as people write it, with the asset's decimal places. */
export function fromUnits(units: bigint, scale: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
