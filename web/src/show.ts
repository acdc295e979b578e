// What she sees meanwhile: a line for each file, and outlines. Never a picture.

import type { Face } from "./faces/engine.js";
import { type Pace, Stopped } from "./pace.js";

export type Words = (name: string, filled?: Record<string, string | number>) => string;

/** Where the page runs from right to left, a name put into a sentence keeps its own order (Unicode's FSI and PDI). */
export function words(given: Record<string, string>): Words {
  const put = (value: string | number): string =>
    typeof value === "string" && document.documentElement.dir === "rtl" ? `\u2068${value}\u2069` : String(value);
  return (name, filled = {}) =>
    (given[name] ?? name).replace(/\{(\w+)\}/g, (whole, key: string) => (key in filled ? put(filled[key]!) : whole));
}

export function find<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id}`);
  return found as T;
}

/** A line for each file, with what happens to it. */
export class List {
  private lines: HTMLElement[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly status: HTMLElement,
  ) {}

  fill(names: string[], state: string): void {
    this.lines = names.map((name) => {
      const line = document.createElement("li"), label = document.createElement("bdi"), told = document.createElement("span");
      label.textContent = name.slice(0, 80);
      told.textContent = state;
      line.append(label, " ", told);
      return line;
    });
    this.list.replaceChildren(...this.lines);
    this.list.hidden = !names.length;
    this.say("");
  }

  tell(place: number, words: string, state: "now" | "good" | "bad"): void {
    const line = this.lines[place]!, told = line.querySelector("span")!;
    if (told.textContent !== words) told.textContent = words;
    line.dataset.state = state;
  }

  add(place: number, words: string): void {
    const told = this.lines[place]!.querySelector("span")!;
    told.textContent = `${told.textContent ?? ""}. ${words}`;
  }

  /** A sentence about the whole; `link`: an address that it leads to. */
  say(text: string, link?: string): void {
    this.status.textContent = text;
    if (!link) return;
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = text;
    this.status.replaceChildren(anchor);
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** Asks which of several faces is hers, by outlines in an empty frame. Undefined where none is. Throws `Stopped`. */
export function askWhich(
  place: HTMLElement, say: Words, name: string, faces: Face[], ratio: number, pace: Pace,
): Promise<Face | undefined> {
  const across = [...faces].sort((a, b) => a.box[0] - b.box[0]);
  const question = document.createElement("p"), buttons = document.createElement("div");
  question.textContent = say("which", { name });
  question.tabIndex = -1;
  buttons.className = "actions";
  place.replaceChildren(question, outlines(across, ratio), buttons);
  place.hidden = false;
  question.focus();
  return new Promise((resolve, reject) => {
    const done = (answer: () => void): void => {
      clearInterval(watch);
      place.hidden = true;
      place.replaceChildren();
      answer();
    };
    const watch = setInterval(() => {
      try {
        pace.check();
      } catch {
        done(() => reject(new Stopped()));
      }
    }, 200);
    const button = (label: string, face: Face | undefined): HTMLElement => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = label;
      one.addEventListener("click", () => done(() => resolve(face)));
      return one;
    };
    buttons.append(...across.map((face, index) => button(say("one", { n: index + 1 }), face)), button(say("none"), undefined));
  });
}

function outlines(faces: Face[], ratio: number): SVGElement {
  const width = 100, height = 100 / ratio;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, class: "outlines", "aria-hidden": "true" });
  svg.append(shape("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1, class: "frame" }));
  faces.forEach(({ box: [x, y, wide, high] }, index) => {
    svg.append(shape("rect", { x: x * width, y: y * height, width: wide * width, height: high * height }));
    const label = shape("text", { x: (x + wide / 2) * width, y: (y + high / 2) * height + 3 });
    label.textContent = String(index + 1);
    svg.append(label);
  });
  return svg;
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
