// How much an embedding is worth, from what can be seen without a net of its own. As `efface.vision.faces.quality`.

import { type Rgb, toGrey } from "../resample.js";
import type { Points } from "./landmarks.js";

export function quality(chip: Rgb, points: Points, px: number, score: number): number {
  return decimals(clip((px - 12) / 68) * sharpShare(chip) * poseShare(points) * score, 4);
}

/** From the variance of the Laplacian over the chip's middle, relative to its contrast. */
export function sharpShare(chip: Rgb): number {
  const grey = toGrey(chip);
  const left = 16, top = 16, width = 80, height = 88;
  const at = (x: number, y: number): number => {
    const column = x < 0 ? -x : x >= width ? 2 * width - 2 - x : x;
    const row = y < 0 ? -y : y >= height ? 2 * height - 2 - y : y;
    return grey.data[(top + row) * grey.width + left + column]!;
  };
  const values: number[] = [], edges: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      values.push(at(x, y));
      edges.push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y));
    }
  }
  const contrast = variance(values);
  return contrast < 1 ? 0 : clip((variance(edges) / contrast - 0.003) / 0.03);
}

/** 1 for a face that looks at the camera, 0 in profile. */
export function poseShare(points: Points): number {
  const [left, right, , mouthLeft, mouthRight] = points as [P, P, P, P, P];
  const width = Math.hypot(right[0] - left[0], right[1] - left[1]);
  const height = Math.hypot(
    (mouthLeft[0] + mouthRight[0] - left[0] - right[0]) / 2,
    (mouthLeft[1] + mouthRight[1] - left[1] - right[1]) / 2,
  );
  if (width < 1e-6 || height < 1e-6) return 0;
  return clip(1.25 - 2 * Math.abs(turn(points))) * clip(width / height / 0.75);
}

/** How far the nose lies off the middle of eyes and mouth, along the line of the eyes, in units of their distance. */
export function turn(points: Points): number {
  const [left, right, nose, mouthLeft, mouthRight] = points as [P, P, P, P, P];
  const across = [right[0] - left[0], right[1] - left[1]] as const;
  const squared = across[0] ** 2 + across[1] ** 2;
  if (squared < 1e-12) return 0;
  const off = [0, 1].map((i) => nose[i]! - (left[i]! + right[i]! + mouthLeft[i]! + mouthRight[i]!) / 4);
  return (off[0]! * across[0] + off[1]! * across[1]) / squared;
}

type P = [number, number];

function clip(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function variance(values: number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

export function decimals(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
