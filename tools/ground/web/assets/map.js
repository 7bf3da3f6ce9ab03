// The Earth, who is in night, where the spacecraft has been and will be, and who can hear it. Plate carrée.

import { element, minute, shape, span } from "./draw.js";

const TENTH = 10; // the map's unit is a tenth of a degree, east and south

export class WorldMap {
  constructor(svg, legend, passes, coast) {
    Object.assign(this, { svg, legend, passes });
    svg.setAttribute("viewBox", "-1800 -900 3600 1800");
    this.night = shape("path", { class: "night" });
    this.course = shape("g");
    this.here = shape("g");
    svg.append(shape("path", { class: "land", d: coast.path }), shape("path", { class: "grid", d: graticule() }), this.night, this.course, this.here);
    new ResizeObserver(() => this.scale()).observe(svg);
    this.scale();
  }

  scale() {
    this.svg.style.setProperty("--px", 3600 / (this.svg.clientWidth || 800));
  }

  draw(told) {
    this.night.setAttribute("d", `${path(told.night)}Z`);
    const tracks = ["past", "ahead"].flatMap((when) => (told[when] ?? []).map(
      (run) => shape("path", { class: `track ${when} ${run.is_sunlit ? "lit" : "shadow"}`, d: path(run.line) })));
    const stations = (told.stations ?? []).map((station) => shape("g", {},
      ...station.ring.map((line) => shape("path", { class: "ring", d: path(line) })),
      dot("station", station.place), label(station.name, station.place)));
    this.course.replaceChildren(dot("sun", told.sun), ...tracks, ...stations);
    const rows = [["array", "next orbit in the Sun"], ["bus", "in shadow"], ["good", "station and its circle"]];
    this.legend.replaceChildren(...(told.ahead ? rows : []).map(([tone, text]) => {
      const row = element("li", {}, text);
      row.style.setProperty("--tone", `var(--${tone})`);
      return row;
    }));
    this.coming = told.passes ?? [];
  }

  move(sky, onboard) {
    if (!sky) return;
    this.here.replaceChildren(dot("halo", sky.here), dot("here", sky.here));
    const rows = (this.coming ?? []).filter((each) => each.set > onboard).slice(0, 4).map((each) => {
      const when = each.rise <= onboard ? `in sight, ${span((each.set - onboard) / 1e3)} left` : `${minute(each.rise)}, in ${span((each.rise - onboard) / 1e3)}, ${span((each.set - each.rise) / 1e3)} long`;
      return element("li", {}, element("b", {}, each.station), ` ${when}`);
    });
    this.passes.replaceChildren(...rows);
  }
}

const path = (line) => `M${line.map(([longitude, latitude]) => `${(longitude * TENTH).toFixed(1)} ${(-latitude * TENTH).toFixed(1)}`).join("L")}`;
const dot = (name, [longitude, latitude]) => shape("circle", { class: name, cx: longitude * TENTH, cy: -latitude * TENTH });

function label(name, [longitude, latitude]) {
  const isLeft = longitude > 140;
  return shape("text", { x: longitude * TENTH + (isLeft ? -55 : 55), y: -latitude * TENTH + 25, "text-anchor": isLeft ? "end" : "start" }, name);
}

function graticule() {
  const lines = [];
  for (let longitude = -150; longitude < 180; longitude += 30) lines.push(`M${longitude * TENTH}-900V900`);
  for (let latitude = -60; latitude < 90; latitude += 30) lines.push(`M-1800 ${latitude * TENTH}H1800`);
  return lines.join("");
}
