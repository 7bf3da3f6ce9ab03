// Small pieces of page and drawing, and how numbers and times read. Text only ever becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function digits(value) {
  if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toPrecision(3);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "never";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  return whole < 172800 ? `${(whole / 3600).toFixed(1)} h` : `${Math.round(whole / 86400)} d`;
}

export const clock = (ms) => new Date(ms).toISOString().slice(11, 19);
export const minute = (ms) => new Date(ms).toISOString().slice(11, 16);
export const moment = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
