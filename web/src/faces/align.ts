// From five points to the upright 112 x 112 chip that the embedder was trained on. As `efface.vision.faces.align`.

import { type Affine, areaRgb, part, type Rgb, round, warped } from "../resample.js";
import type { Points } from "./landmarks.js";

/** Where the five points lie on the chip (Deng et al., ArcFace, 2019). */
const ARCFACE_112: Points = [
  [38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041],
];
export const CHIP = 112;

/** The matrix (scale, rotation, shift) that brings the points closest to the template (Umeyama, 1991). */
export function similarity(points: Points): Affine {
  const centre = mean(points), target = mean(ARCFACE_112);
  let spread = 0, cosine = 0, sine = 0;
  points.forEach(([x, y], i) => {
    const ax = x - centre[0], ay = y - centre[1];
    const bx = ARCFACE_112[i]![0] - target[0], by = ARCFACE_112[i]![1] - target[1];
    spread += ax * ax + ay * ay;
    cosine += ax * bx + ay * by;
    sine += ax * by - ay * bx;
  });
  if (spread < 1e-9) return [0, 0, target[0], 0, 0, target[1]];
  const c = cosine / spread, s = sine / spread;
  return [c, -s, target[0] - (c * centre[0] - s * centre[1]), s, c, target[1] - (s * centre[0] + c * centre[1])];
}

function mean(points: Points): [number, number] {
  const sum = points.reduce<[number, number]>(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

/** The aligned face. Much larger ones are shrunk by area first, smaller ones enlarged by a cubic kernel. */
export function chip(rgb: Rgb, points: Points): Rgb {
  let matrix = similarity(points);
  const scale = Math.hypot(matrix[0], matrix[3]);
  if (scale > 0 && scale < 0.5) {
    const small = shrunk(rgb, points, 2 * scale);
    rgb = small.rgb;
    matrix = similarity(points.map(([x, y]) => [(x - small.left) * small.across, (y - small.top) * small.down]));
  }
  return warped(rgb, matrix, CHIP, scale > 1.2);
}

interface Surroundings {
  rgb: Rgb;
  left: number;
  top: number;
  across: number;
  down: number;
}

function shrunk(rgb: Rgb, points: Points, factor: number): Surroundings {
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const reach = 2 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  const [left, right] = range(Math.min(...xs) - reach, Math.max(...xs) + reach, rgb.width);
  const [top, bottom] = range(Math.min(...ys) - reach, Math.max(...ys) + reach, rgb.height);
  const view = part(rgb, left, top, right - left, bottom - top);
  const width = Math.max(1, round(view.width * factor)), height = Math.max(1, round(view.height * factor));
  return { rgb: areaRgb(view, width, height), left, top, across: width / view.width, down: height / view.height };
}

function range(low: number, high: number, side: number): [number, number] {
  const first = Math.floor(Math.max(0, Math.min(side - 1, low)));
  return [first, Math.ceil(Math.max(first + 1, Math.min(side, high)))];
}
