// What a page of the console does beyond links and forms: times in the viewer's zone, copying,
// charts, the live feed, and the check of a proof. Without this script every page still works.
"use strict";

const say = (text) => {
  const place = document.getElementById("said");
  if (!place) return;
  place.textContent = text;
  setTimeout(() => { place.textContent = ""; }, 2500);
};

// Times are UTC in the page; people read them in their own zone, with UTC on hover.
const spellTimes = (root) => {
  for (const element of root.querySelectorAll("time[datetime]:not([data-spelled])")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    element.dataset.spelled = "";
  }
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied.");
  } catch {
    say("This browser does not let the page copy. Select the text instead.");
  }
});

// A double click sends a form once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.sent = "";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Charts: a figure whose table of numbers is beside it, for those who do not see the picture.
const drawChart = (place) => {
  if (!window.uPlot || place.dataset.drawn !== undefined) return;
  place.dataset.drawn = "";
  const { times, series } = JSON.parse(place.dataset.chart);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--quiet").trim();
  const line = style.getPropertyValue("--line").trim();
  const colours = ["--accent", "--warn", "--bad"].map((name) => style.getPropertyValue(name).trim());
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const stepped = place.dataset.stepped !== undefined;
  const options = () => ({
    width: place.clientWidth,
    height: 220,
    axes: [axis, { ...axis, size: 80 }],
    cursor: { drag: { x: true, y: false } },
    series: [{}, ...series.map((one, n) => ({
      label: one.label,
      stroke: colours[n],
      width: 2,
      paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: times.length < 40 },
    }))],
  });
  const plot = new uPlot(options(), [times, ...series.map((one) => one.values)], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 220 })).observe(place);
};

// The feed as it comes.
const followFeed = (place) => {
  if (place.dataset.followed !== undefined) return;
  place.dataset.followed = "";
  const source = new EventSource(place.dataset.feed);
  const body = place.querySelector("tbody");
  const state = document.getElementById("feed-state");
  source.onopen = () => { state.textContent = "live"; state.className = "badge ok"; };
  source.onerror = () => {
    const ended = source.readyState === EventSource.CLOSED;
    state.textContent = ended ? "not live: load the page again" : "connecting";
    state.className = "badge warn";
  };
  source.onmessage = (message) => {
    if (!message.data) return;
    const event = JSON.parse(message.data);
    const row = document.createElement("tr");
    const seq = document.createElement("a");
    seq.href = `/console/events/${event.seq}`;
    seq.textContent = event.seq;
    const at = document.createElement("time");
    at.dateTime = event.timestamp;
    at.title = event.timestamp;
    at.textContent = event.timestamp;
    const summary = place.dataset.subject === undefined ? "" : String(event.data.id ?? "");
    for (const content of [seq, event.type, at, summary]) {
      const cell = document.createElement("td");
      cell.append(content);
      row.append(cell);
    }
    body.prepend(row);
    while (body.rows.length > 200) body.lastElementChild.remove();
    spellTimes(row);
    document.getElementById("no-events")?.remove();
  };
  window.addEventListener("pagehide", () => source.close());
};

// The check of a proof (RFC 9162, 2.1.3.2) in the browser, which believes only SHA-256.
const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const sha256 = async (...parts) => {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
};
const rootOf = async (leaf, index, size, path) => {
  let node = BigInt(index);
  let last = BigInt(size) - 1n;
  let root = leaf;
  for (const sibling of path) {
    if (last === 0n) throw new Error("The proof is too long.");
    if (node % 2n === 1n || node === last) {
      root = await sha256(Uint8Array.of(1), sibling, root);
      while (node % 2n === 0n && node !== 0n) { node /= 2n; last /= 2n; }
    } else {
      root = await sha256(Uint8Array.of(1), root, sibling);
    }
    node /= 2n;
    last /= 2n;
  }
  if (last !== 0n) throw new Error("The proof is too short.");
  return root;
};
const checkProof = async (button) => {
  const result = document.getElementById("proof-result");
  const { body, index, size, hashes, root } = JSON.parse(button.dataset.proof);
  if (!window.crypto?.subtle) {
    result.textContent = "The browser computes SHA-256 for https and localhost only.";
    result.className = "problem";
    return;
  }
  try {
    const leaf = await sha256(Uint8Array.of(0), new TextEncoder().encode(body));
    const found = await rootOf(leaf, index, size, hashes.map(bytesOf));
    const wanted = bytesOf(root);
    if (!found.every((byte, n) => byte === wanted[n])) throw new Error("The roots differ.");
    result.textContent = `Proved: your browser hashed event ${index + 1} and ${hashes.length} `
      + `hashes beside its path, and got the root of the log of ${size} events.`;
    result.className = "done";
  } catch (error) {
    result.textContent = `Not proved. ${error.message}`;
    result.className = "problem";
  }
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-proof]");
  if (button) checkProof(button);
});

const begin = (root) => {
  spellTimes(root);
  root.querySelectorAll("[data-chart]").forEach(drawChart);
  root.querySelectorAll("[data-feed]").forEach(followFeed);
};
document.addEventListener("DOMContentLoaded", () => begin(document));
document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
