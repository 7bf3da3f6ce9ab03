// Courses over the last orbits: a line through the middle of what fell into each column, a band from lowest to highest.

import { digits, element, minute, shape } from "./draw.js";

const LEFT = 44, RIGHT = 8, TOP = 6, BOTTOM = 20;
const NOISE = 0.05; // of the highest: so far below nothing a sensor's noise is drawn as nothing
const GAP = 6; // columns without a sample that a line may cross: a structure that comes once a minute

export class Plot {
  constructor(parent, title, unit, series, options = {}) {
    Object.assign(this, { title, unit, series, least: options.least ?? 1, scale: options.scale ?? 1, zero: options.zero ?? false });
    this.legend = element("ul", { class: "legend" });
    this.svg = shape("svg", { role: "img", "aria-label": `${title}, ${unit}` });
    parent.append(element("div", { class: "plot" }, this.legend, this.svg));
  }

  draw(course, at) {
    this.course = course;
    this.width = this.svg.clientWidth || 600;
    this.height = this.svg.clientHeight || 150;
    const columns = this.series.map((row) => course.plots[row.name].map((pair) => pair && pair.map((value) => value * this.scale)));
    const [low, high, step] = this.range(columns);
    const x = (ms) => LEFT + ((this.width - LEFT - RIGHT) * (ms - course.begin)) / (course.end - course.begin);
    const y = (value) => TOP + (this.height - TOP - BOTTOM) * (1 - (Math.max(value, low) - low) / (high - low));
    const bottom = this.height - BOTTOM;
    const parts = course.nights.map(([entry, exit]) => {
      const from = Math.max(x(entry), LEFT), to = Math.min(x(exit), this.width - RIGHT);
      return shape("rect", { class: "dark", x: from, y: TOP, width: Math.max(0, to - from), height: bottom - TOP });
    });
    for (let value = low; value <= high + step / 2; value += step) {
      parts.push(shape("path", { class: "rule", d: `M${LEFT} ${y(value)}H${this.width - RIGHT}` }));
      parts.push(shape("text", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, digits(Number(value.toPrecision(6)))));
    }
    parts.push(...this.hours(course, x, bottom));
    columns.forEach((pairs, index) => parts.push(...this.curve(pairs, index, x, y)));
    parts.push(shape("path", { class: "now", d: `M${x(course.now)} ${TOP}V${bottom}` }));
    if (at !== null) parts.push(shape("path", { class: "cross", d: `M${x(at)} ${TOP}V${bottom}` }));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.replaceChildren(...parts);
    this.tell(columns, at);
  }

  time(event) {
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT);
    const { begin, end } = this.course;
    return begin + Math.min(Math.max(share, 0), 1) * (end - begin);
  }

  range(columns) {
    const all = columns.flat().filter(Boolean).flat();
    let low = Math.min(...all), high = Math.max(...all);
    if (!all.length) [low, high] = [0, this.least];
    if (this.zero) [low, high] = [low > -NOISE * high ? 0 : low, Math.max(0, high)];
    if (high - low < this.least) [low, high] = this.zero ? [low, low + this.least] : [(low + high - this.least) / 2, (low + high + this.least) / 2];
    const power = 10 ** Math.floor(Math.log10((high - low) / 4));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= (high - low) / 4);
    return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
  }

  hours(course, x, bottom) {
    const wanted = (course.end - course.begin) / Math.max(2, Math.floor(this.width / 75));
    const step = [5, 10, 15, 30, 60, 120].map((minutes) => minutes * 60e3).find((each) => each >= wanted) ?? 240 * 60e3;
    const marks = [];
    for (let at = Math.ceil(course.begin / step) * step; at <= course.end; at += step) {
      if (x(at) < this.width - 24) marks.push(shape("text", { x: x(at), y: bottom + 15, "text-anchor": "middle" }, minute(at)));
    }
    return marks;
  }

  curve(pairs, index, x, y) {
    const place = (column) => x(this.course.begin + ((column + 0.5) * (this.course.end - this.course.begin)) / pairs.length);
    const runs = [];
    let last = -Infinity;
    pairs.forEach((pair, column) => {
      if (!pair) return;
      if (column - last > GAP) runs.push([]);
      runs.at(-1).push([place(column), y(pair[0]), y(pair[1])].map((value) => Math.round(value * 10) / 10));
      last = column;
    });
    const style = `--tone:var(--${this.series[index].tone})`;
    return runs.flatMap((run) => {
      const band = run.map(([left, low]) => `${left} ${low}`).concat(run.map(([left, , high]) => `${left} ${high}`).reverse());
      const line = run.map(([left, low, high]) => `${left} ${(low + high) / 2}`);
      if (line.length === 1) line.push(line[0]);
      return [["band", `M${band.join("L")}Z`], ["line", `M${line.join("L")}`]].map(([name, d]) => toned(shape("path", { class: name, d }), style));
    });
  }

  tell(columns, at) {
    const column = at === null ? null : Math.floor(((at - this.course.begin) / (this.course.end - this.course.begin)) * columns[0].length);
    const rows = this.series.map((row, index) => {
      const pair = column === null ? columns[index].findLast(Boolean) : near(columns[index], column);
      const value = pair ? `${digits((pair[0] + pair[1]) / 2)} ${this.unit}` : "–";
      return toned(element("li", {}, `${row.label} `, element("b", {}, value)), `--tone:var(--${row.tone})`);
    });
    const title = at === null ? this.title : `${this.title} at ${minute(at)}`;
    this.legend.replaceChildren(element("li", { class: "title" }, title), ...rows);
  }
}

function near(pairs, column) {
  for (let away = 0; away <= GAP / 2; away += 1) {
    const pair = pairs[column - away] ?? pairs[column + away];
    if (pair) return pair;
  }
  return null;
}

function toned(node, style) {
  node.style.cssText = style; // by the object model: the policy of the page lets no style attribute in
  return node;
}
