// Webhooks as a consumer verifies them (standardwebhooks.com), with the platform's own cryptography.

import { parse } from "./amounts.js";
import type { Event } from "./types.js";

const TOLERANCE_S = 300;

/** The message is not what the server signed, or is too old. Answer 400 and do nothing. */
export class BadSignature extends Error {
  constructor(why: string) {
    super(why);
    this.name = "BadSignature";
  }
}

/** Return the event of a webhook once its signature and its time are right. Throws BadSignature.
 * body: as it came. secrets: `whsec_…`, or `whpk_…` for ed25519; several while one is rotated. */
export async function verify(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | undefined>,
  secrets: string | readonly string[],
  toleranceS: number = TOLERANCE_S,
): Promise<Event> {
  const field = (name: string): string => {
    const found = headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
    if (!found) throw new BadSignature(`the header field ${name} is missing`);
    return found;
  };
  const id = field("webhook-id");
  const timestamp = field("webhook-timestamp");
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceS)) {
    throw new BadSignature("the message is too old, or too early");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  for (const one of field("webhook-signature").split(" ")) {
    for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
      if (await isSigned(one, signed, secret)) {
        return parse(new TextDecoder().decode(bytes)) as Event;
      }
    }
  }
  throw new BadSignature("no signature is right");
}

async function isSigned(one: string, signed: Uint8Array<ArrayBuffer>, secret: string): Promise<boolean> {
  const comma = one.indexOf(",");
  const version = one.slice(0, comma);
  const [prefix, encoded = ""] = secret.split("_", 2);
  try {
    const given = bytesOf(one.slice(comma + 1));
    const key = bytesOf(encoded);
    if (version === "v1" && prefix === "whsec") {
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["verify"]);
      return await crypto.subtle.verify("HMAC", imported, given, signed);
    }
    if (version === "v1a" && prefix === "whpk") {
      const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", imported, given, signed);
    }
  } catch {
    return false; // Not base64, or no key.
  }
  return false;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
