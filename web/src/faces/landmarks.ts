// Five points of a face: MTCNN's output net on the detector's box. As `efface.vision.faces.landmarks`.

import { areaRgb, linear, part, type Rgb, round, turned } from "../resample.js";
import { type Box, turnBack } from "./detect.js";
import type { Net } from "./net.js";

/** Left eye, right eye, nose, left and right corner of the mouth, as x and y in pixels. */
export type Points = [number, number][];

const VIEW = 0.83;

export interface Landmarks {
  points: Points;
  /** The net's own belief that this is a face, 0..1. */
  belief: number;
}

export class LandmarkFinder {
  constructor(private readonly net: Net) {}

  async find(rgb: Rgb, boxes: Box[], turns: number): Promise<Landmarks[]> {
    if (!boxes.length) return [];
    const size = this.net.manifest.input.width;
    const squares = boxes.map(squareAround);
    const answer = await this.net.run(squares.map((square) => turned(crop(rgb, square, size), turns)));
    const points = answer.points!, probability = answer.probability!;
    return squares.map((square, index) => ({
      belief: probability[index * 2 + 1]!,
      points: Array.from({ length: 5 }, (_, i): [number, number] => {
        const [x, y] = turnBack(points[index * 10 + i]!, points[index * 10 + 5 + i]!, 1, 1, turns);
        return [square.x + x * square.side, square.y + y * square.side];
      }),
    }));
  }
}

interface Square {
  x: number;
  y: number;
  side: number;
}

/** The square that the net is shown, in whole pixels: 0.83 of the longer side of the box, around its middle. */
function squareAround(box: Box): Square {
  const side = Math.max(box.x2 - box.x1, box.y2 - box.y1) * VIEW;
  return {
    x: round((box.x1 + box.x2 - side) / 2),
    y: round((box.y1 + box.y2 - side) / 2),
    side: Math.max(1, round(side)),
  };
}

function crop(rgb: Rgb, square: Square, size: number): Rgb {
  const view = part(rgb, square.x, square.y, square.side, square.side);
  return square.side > size ? areaRgb(view, size, size) : linear(view, size, size);
}
