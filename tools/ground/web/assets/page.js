// Asks for what is new once a second and shows it. Reads only; where the server is gone, the page says so.

import { clock, digits, element, moment, span } from "./draw.js";
import { WorldMap } from "./map.js";
import { Plot } from "./plot.js";

const EVERY_MS = 1000, COURSE_MS = 6000, PATIENCE_MS = 4000, RETRY_MS = 5000;
const SEVERITIES = ["info", "low", "medium", "high"];
const find = (id) => document.getElementById(id);
const known = {}; // what each part of the page shows, so that only what has changed is made anew
let words, map, plots, course, latest, at = null, courseAt = -Infinity;

function changed(part, data) {
  const text = JSON.stringify(data);
  if (known[part] === text) return false;
  known[part] = text;
  return true;
}

async function get(name) {
  const answer = await fetch(name, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(answer.status === 503 ? "too many are looking at this page" : `the server said ${answer.status}`);
  return answer.json();
}

function value(name) {
  const [raw, quality, generated, received, beyond] = latest.values[name];
  const old = received === null ? null : (latest.utc - received) / 1e3;
  return { raw, quality, generated, beyond, age: quality === "never" ? "never received" : `${quality === "valid" ? "" : `${quality}, `}${span(old)} ago` };
}

function showTiles() {
  const percent = (raw) => (typeof raw === "number" ? (raw * 100).toFixed(1) : "–");
  const whole = (raw) => (typeof raw === "number" ? raw.toFixed(1) : "–");
  const rows = [
    ["Charge", "soc", percent, "%", "battery"],
    ["Payload", "payload_temp_c", whole, "°C", "payload"],
    ["From the array", "array_power_w", whole, "W", "array"],
    ["All that draws", "bus_power_w", whole, "W", "bus"],
    ["Payload draws", "payload_power_w", whole, "W", "accent"],
    ["Jobs done", "jobs_done", digits, `of ${jobsKnown()}`, "price"],
  ];
  find("tiles").replaceChildren(...rows.map(([title, name, words, unit, tone]) => {
    const { raw, quality, beyond, age } = value(name);
    const tile = element("article", { class: `tile ${quality}${beyond ? " beyond" : ""}`, title: name },
      element("h3", {}, title), element("p", {}, words(raw), element("small", {}, unit)), element("div", {}, beyond || age));
    tile.style.setProperty("--tone", `var(--${tone})`);
    return tile;
  }));
}

function jobsKnown() {
  const counts = ["jobs_done", "jobs_failed", "jobs_expired", "jobs_cancelled", "jobs_queued"].map((name) => value(name).raw);
  return counts.every((count) => count === null) ? "–" : digits(counts.reduce((sum, count) => sum + (count ?? 0), 0));
}

function badge(kind, name, text) {
  return element("span", { class: `badge ${kind}` }, name ? `${name} ` : "", element("b", {}, text));
}

function showHead() {
  const { link, sky } = latest;
  const mode = value("mode");
  find("mission").textContent = latest.mission;
  find("clock").firstElementChild.textContent = moment(latest.onboard);
  find("clock").lastElementChild.textContent = link.age_s === null ? "time here, UTC" : "on-board time, UTC";
  const light = sky && (sky.is_sunlit ? "in the Sun" : "in eclipse");
  const until = sky && (sky.until_s === null ? "" : `, ${sky.is_sunlit ? "eclipse" : "Sun"} in ${span(sky.until_s)}`);
  find("badges").replaceChildren(...[
    mode.raw && badge(mode.quality !== "valid" ? "" : mode.raw === "SAFE" ? "warn" : "good", "mode", mode.raw),
    sky && badge(sky.is_sunlit ? "sun" : "dark", "", light + until),
    badge(link.is_silent ? "bad" : "good", "last packet", link.age_s === null ? "never" : `${span(link.age_s)} ago`),
    latest.alarms.length ? badge("warn", "alarms", String(latest.alarms.length)) : null,
    badge("", "packets", `${link.packets}${link.missed ? `, ${link.missed} lost` : ""}${link.bad ? `, ${link.bad} bad` : ""}`),
  ].filter(Boolean));
  const silence = link.age_s === null ? "no telemetry has been received yet" : `no telemetry for ${span(link.age_s)}`;
  banner(link.is_silent ? `${silence}${link.trouble ? `: ${link.trouble}` : ""}` : "");
  const place = sky && `${degrees(sky.here[1], "N", "S")} ${degrees(sky.here[0], "E", "W")}, ${sky.altitude_km} km, by the mission's elements`;
  find("place").textContent = place ?? "no orbit is known: give --mission FILE";
}

const degrees = (angle, positive, negative) => `${Math.abs(angle).toFixed(1)}° ${angle < 0 ? negative : positive}`;

function banner(text) {
  find("banner").hidden = !text;
  find("banner").textContent = text;
}

function showJobs() {
  const running = value("job_running").raw, count = (name) => digits(value(name).raw);
  const cell = (name, text, kind = "") => element("div", { class: kind }, element("dt", {}, name), element("dd", {}, ...[text].flat()));
  const held = (who) => latest.reasons.find((reason) => reason.who === who);
  const why = (who) => [held(who) ? held(who).what || "nothing" : "–", held(who) ? element("small", {}, ` since ${clock(held(who).since)}`) : ""];
  find("queue").className = value("job_running").quality;
  find("queue").replaceChildren(
    cell("running", running === null ? "–" : running === 0 ? "none" : `job ${running}`), cell("waiting", count("jobs_queued")),
    cell("failed", count("jobs_failed")), cell("expired", count("jobs_expired")),
    cell("what keeps the next job from starting", why("queue"), "whole"), cell("what binds the guard", why("guard"), "whole"));
  if (!changed("jobs", latest.jobs)) return;
  find("jobs").replaceChildren(...latest.jobs.map((job) => element("tr", {},
    element("td", {}, clock(job.at)), element("td", {}, String(job.number)), element("td", {}, job.model),
    element("td", { class: `outcome ${job.outcome}` }, job.why ? `${job.outcome}: ${job.why}` : job.outcome),
    element("td", { class: "n" }, job.energy_j === null ? "–" : `${digits(job.energy_j)} J`),
    element("td", { class: "n" }, forecast(job)))));
}

function forecast({ energy_j: energy, predicted_j: predicted }) {
  if (energy === null || !predicted) return "–";
  const percent = Math.round((energy / predicted - 1) * 100);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}

function showEvents() {
  const least = Number(find("least").value);
  if (changed("events", [latest.events, least])) {
    const rows = latest.events.filter((event) => SEVERITIES.indexOf(event.severity) >= least);
    find("events").replaceChildren(...rows.map((event) => element("li", { class: event.severity, title: `${event.severity}, ${event.name}` },
      element("time", {}, clock(event.at)), element("strong", {}, event.text), event.is_late ? element("span", { class: "soft" }, " (played back)") : null)));
    if (!rows.length) find("events").append(element("li", { class: "soft" }, "none yet"));
  }
  if (changed("alarms", latest.alarms)) {
    find("alarms").replaceChildren(...latest.alarms.map((alarm) => element("li", { class: alarm.severity },
      element("time", {}, clock(alarm.last)), element("strong", {}, alarm.text), alarm.count > 1 ? element("span", { class: "soft" }, ` ${alarm.count} times`) : null)));
    if (!latest.alarms.length) find("alarms").append(element("li", { class: "soft" }, "nothing asks for attention"));
  }
}

function showValues() {
  const wanted = find("filter").value.trim().toLowerCase();
  for (const [structure, names] of Object.entries(words.structures)) {
    const section = find(`structure-${structure}`);
    const shown = names.filter((name) => !wanted || name.includes(wanted) || words.parameters[name].meaning.toLowerCase().includes(wanted));
    section.hidden = shown.length === 0;
    if (!section.open && !wanted) continue;
    section.open = true;
    section.querySelector("tbody").replaceChildren(...shown.map((name) => {
      const { raw, quality, generated, beyond, age } = value(name), { unit, meaning } = words.parameters[name];
      return element("tr", { class: `${quality}${beyond ? " beyond" : ""}` }, element("td", {}, name),
        element("td", { class: "n value" }, `${digits(raw)}${unit && unit !== "1" ? ` ${unit}` : ""}${beyond ? `, ${beyond}` : ""}`),
        element("td", {}, quality), element("td", { class: "n made" }, generated === null ? "–" : clock(generated)),
        element("td", { class: "n" }, age.replace(/^.*, /, "")), element("td", { class: "meaning soft" }, meaning));
    }));
  }
}

function makeValues() {
  find("structures").append(...Object.entries(words.structures).map(([structure, names]) => element("details", { id: `structure-${structure}` },
    element("summary", {}, structure, element("span", {}, `${names.length} values`)),
    element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {},
      element("th", {}, "name"), element("th", { class: "n" }, "value"), element("th", {}, "quality"), element("th", { class: "n made" }, "generated"), element("th", { class: "n" }, "received"),
      element("th", { class: "meaning" }, "meaning"))), element("tbody"))))));
}

function makePlots() {
  const parent = find("plots");
  plots = [
    new Plot(parent, "Charge", "%", [{ name: "soc", label: "battery", tone: "battery" }], { least: 5, scale: 100 }),
    new Plot(parent, "Temperature", "°C", [
      { name: "payload_temp_c", label: "payload", tone: "payload" }, { name: "radiator_temp_c", label: "radiator", tone: "radiator" },
      { name: "battery_temp_c", label: "battery", tone: "battery" }], { least: 5 }),
    new Plot(parent, "Power", "W", [
      { name: "array_power_w", label: "from the array", tone: "array" }, { name: "bus_power_w", label: "all that draws", tone: "bus" },
      { name: "payload_power_w", label: "payload", tone: "accent" }], { least: 10, zero: true }),
  ];
  for (const plot of plots) {
    plot.svg.addEventListener("pointermove", (event) => { if (course) drawPlots(plot.time(event)); });
    plot.svg.addEventListener("pointerleave", () => drawPlots(null));
  }
  new ResizeObserver(() => drawPlots(at)).observe(parent);
}

function drawPlots(time) {
  at = time;
  if (course) for (const plot of plots) plot.draw(course, at);
}

function show() {
  showTiles();
  showHead();
  showJobs();
  showEvents();
  showValues();
  map.move(latest.sky, latest.onboard);
}

async function turn() {
  if (document.hidden) return EVERY_MS;
  try {
    latest = await get("now.json");
    if (performance.now() - courseAt >= COURSE_MS) {
      course = await get("course.json");
      courseAt = performance.now();
      map.draw(course.map);
      drawPlots(at);
    }
    show();
    return EVERY_MS;
  } catch (error) {
    banner(`nothing new from the ground tool (${error.message})${latest ? `; what is shown is of ${clock(latest.utc)} UTC` : ""}`);
    return RETRY_MS;
  }
}

async function begin() {
  words = await get("words.json");
  map = new WorldMap(find("map"), find("map-legend"), find("passes"), await get("coast.json"));
  makeValues();
  makePlots();
  find("least").addEventListener("change", () => latest && showEvents());
  find("filter").addEventListener("input", () => latest && showValues());
  find("structures").addEventListener("toggle", () => latest && showValues(), true);
  const again = async () => setTimeout(again, await turn());
  again();
}

begin().catch((error) => banner(`this page could not begin: ${error.message}; load it again`));
