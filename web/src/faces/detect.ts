// Where faces are: the RFB-320 detector over the whole picture, over tiles of a large one or one that hints at small
// faces, and over the picture turned by quarters. As `efface.vision.faces.detect`.

import { part, type Rgb, round, shrink, turned } from "../resample.js";
import type { Net } from "./net.js";

export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  score: number;
}

const MIN_SCORE = 0.7;
const HINT = 0.4;
const HINT_WIDTH = 22;
const OVERLAP_IOU = 0.4;
const TILE_WIDTH = 1600;
const TILE_HEIGHT = 1200;
const MAX_TILES_A_SIDE = 3;
const FINE_TILE = 450;
const FINE_TILES_A_SIDE = 4;
const TILE_OVERLAP = 0.2;

/** A part of the net's canvas that shows the picture turned anticlockwise by quarter turns. */
interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  turns: number;
}

type Window = [x: number, y: number, width: number, height: number];

export class Detector {
  constructor(private readonly net: Net) {}

  /** Boxes of upright faces, in pixels, without repeats. */
  async detect(rgb: Rgb): Promise<Box[]> {
    const { width, height } = this.net.manifest.input;
    const cells = [{ x: 0, y: 0, width, height, turns: 0 }];
    const { looks, crowd } = await this.look(rgb, cells);
    const found = [...looks[0]!];
    for (const [x, y, across, down] of crowd ? fineWindows(rgb.width, rgb.height) : tiles(rgb.width, rgb.height)) {
      const tile = await this.look(part(rgb, x, y, across, down), cells);
      found.push(...tile.looks[0]!.map((box) => moved(box, x, y)));
    }
    return suppress(found).map((index) => found[index]!);
  }

  /** The same for faces that do not stand upright: quarter turns that bring them upright, and their boxes. */
  async detectTurned(rgb: Rgb): Promise<[turns: number, boxes: Box[]][]> {
    const { width, height } = this.net.manifest.input;
    const cells = arrange(rgb.width, rgb.height, width, height);
    const { looks } = await this.look(rgb, cells);
    return cells.map((cell, index) => {
      const boxes = looks[index]!;
      return [cell.turns, suppress(boxes).map((place) => boxes[place]!)];
    });
  }

  private async look(rgb: Rgb, cells: Cell[]): Promise<{ looks: Box[][]; crowd: boolean }> {
    const { width, height, mean } = this.net.manifest.input;
    const grey = round(typeof mean === "number" ? mean : mean.reduce((a, b) => a + b, 0) / mean.length);
    const canvas: Rgb = { width, height, data: new Uint8Array(width * height * 3).fill(grey) };
    for (const cell of cells) {
      const scale = scaleOf(cell, rgb.width, rgb.height);
      const across = Math.max(1, Math.trunc(rgb.width * scale)), down = Math.max(1, Math.trunc(rgb.height * scale));
      paste(canvas, turned(shrink(rgb, across, down), cell.turns), cell.x, cell.y);
    }
    const answer = await this.net.run([canvas]);
    const scores = answer.scores!, corners = answer.boxes!;
    const looks: Box[][] = cells.map(() => []);
    let crowd = false;
    for (let place = 0; place < scores.length / 2; place++) {
      const score = scores[place * 2 + 1]!;
      if (score < HINT) continue;
      const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => corners[place * 4 + i]! * (i % 2 ? height : width)) as [
        number, number, number, number,
      ];
      if (x2 - x1 < HINT_WIDTH) crowd = true;
      if (score < MIN_SCORE) continue;
      const middleX = (x1 + x2) / 2, middleY = (y1 + y2) / 2;
      cells.forEach((cell, index) => {
        const inside =
          middleX >= cell.x && middleX < cell.x + cell.width && middleY >= cell.y && middleY < cell.y + cell.height;
        const own = inside ? ownBox(cell, { x1, y1, x2, y2, score }, rgb.width, rgb.height) : undefined;
        if (own) looks[index]!.push(own);
      });
    }
    return { looks, crowd };
  }
}

function moved(box: Box, x: number, y: number): Box {
  return { x1: box.x1 + x, y1: box.y1 + y, x2: box.x2 + x, y2: box.y2 + y, score: box.score };
}

function paste(canvas: Rgb, view: Rgb, left: number, top: number): void {
  for (let y = 0; y < view.height; y++) {
    const row = view.data.subarray(y * view.width * 3, (y + 1) * view.width * 3);
    canvas.data.set(row, ((top + y) * canvas.width + left) * 3);
  }
}

function scaleOf(cell: Cell, width: number, height: number): number {
  const [across, down] = cell.turns % 2 ? [height, width] : [width, height];
  return Math.min(cell.width / across, cell.height / down);
}

/** A box of the canvas in pixels of the picture that its cell shows; none where it is smaller than two pixels. */
function ownBox(cell: Cell, box: Box, width: number, height: number): Box | undefined {
  const scale = scaleOf(cell, width, height);
  const [across, down] = cell.turns % 2 ? [height, width] : [width, height];
  const [ax, ay] = turnBack((box.x1 - cell.x) / scale, (box.y1 - cell.y) / scale, across, down, cell.turns);
  const [bx, by] = turnBack((box.x2 - cell.x) / scale, (box.y2 - cell.y) / scale, across, down, cell.turns);
  const x1 = clip(Math.min(ax, bx), width), x2 = clip(Math.max(ax, bx), width);
  const y1 = clip(Math.min(ay, by), height), y2 = clip(Math.max(ay, by), height);
  return x2 - x1 >= 2 && y2 - y1 >= 2 ? { x1, y1, x2, y2, score: box.score } : undefined;
}

function clip(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

/** A point of a view of `across` x `down` that was turned anticlockwise -> the same point before the turning. */
export function turnBack(x: number, y: number, across: number, down: number, turns: number): [number, number] {
  switch (turns % 4) {
    case 1: return [down - y, x];
    case 2: return [across - x, down - y];
    case 3: return [y, across - x];
    default: return [x, y];
  }
}

/** Three cells for a picture turned by 1, 2 and 3 quarters, laid out so that the smallest is largest. */
export function arrange(width: number, height: number, across: number, down: number): Cell[] {
  let best: Cell[] = [], most = -1;
  for (const [columns, rows] of [[3, 1], [1, 3], [2, 2]] as const) {
    const wide = Math.floor(across / columns), high = Math.floor(down / rows);
    const cells = [0, 1, 2].map((i) => ({
      x: (i % columns) * wide, y: Math.floor(i / columns) * high, width: wide, height: high, turns: i + 1,
    }));
    const least = Math.min(...cells.map((cell) => scaleOf(cell, width, height)));
    if (least > most) [best, most] = [cells, least];
  }
  return best;
}

function tiles(width: number, height: number): Window[] {
  const across = Math.min(MAX_TILES_A_SIDE, Math.ceil(width / TILE_WIDTH));
  const down = Math.min(MAX_TILES_A_SIDE, Math.ceil(height / TILE_HEIGHT));
  return grid(width, height, across, down);
}

function fineWindows(width: number, height: number): Window[] {
  const across = Math.min(FINE_TILES_A_SIDE, Math.ceil(width / FINE_TILE));
  const down = Math.min(FINE_TILES_A_SIDE, Math.ceil(height / FINE_TILE));
  return grid(width, height, across, down);
}

function grid(width: number, height: number, across: number, down: number): Window[] {
  if (across * down === 1) return [];
  return spans(height, down).flatMap(([y, high]) => spans(width, across).map(([x, wide]): Window => [x, y, wide, high]));
}

function spans(length: number, count: number): [start: number, size: number][] {
  const size = Math.min(length, Math.ceil((length / count) * (1 + TILE_OVERLAP)));
  if (count === 1) return [[0, length]];
  return Array.from({ length: count }, (_, i) => [round((i * (length - size)) / (count - 1)), size]);
}

/** Places of the boxes to keep: of those that overlap the surest; one mostly inside a surer one goes too. */
export function suppress(boxes: Box[]): number[] {
  let order = boxes.map((_, index) => index).sort((a, b) => boxes[b]!.score - boxes[a]!.score || a - b);
  const kept: number[] = [];
  const area = (box: Box): number => (box.x2 - box.x1) * (box.y2 - box.y1);
  while (order.length) {
    const best = order[0]!, one = boxes[best]!;
    kept.push(best);
    order = order.slice(1).filter((index) => {
      const other = boxes[index]!;
      const across = Math.max(0, Math.min(one.x2, other.x2) - Math.max(one.x1, other.x1));
      const down = Math.max(0, Math.min(one.y2, other.y2) - Math.max(one.y1, other.y1));
      const shared = across * down;
      const union = area(one) + area(other) - shared;
      return shared / union <= OVERLAP_IOU && shared / Math.min(area(one), area(other)) <= 0.8;
    });
  }
  return kept;
}
