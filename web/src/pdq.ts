// PDQ fingerprints of the eight dihedral views, as `efface.vision.pdq` makes them: brightness, softened by a tent over
// fractions of pixels around the centres of 64 by 64 samples, the 16 by 16 lowest frequencies of that, each above
// their median or not.

import { areaGrey, type Grey, linearGrey, round } from "./resample.js";

/** A side shorter than this, pixels, has no fingerprint. */
export const LEAST_SIDE = 16;
/** Pixels of the longer side at which a picture is decoded for its hash alone. */
export const HASH_SIDE = 480;
export const LONG_SIDE = 512;

const SAMPLES = 64;
const FREQUENCIES = 16;
const REDUCED = 256;

export interface Fingerprint {
  /** Eight hashes of 64 hexadecimal digits: original, turned left, by half, right, flipped down, across, transposed,
   * transversed. */
  hashes: string[];
  /** PDQ's own quality, 0..100. */
  quality: number;
}

/** Undefined for a picture that is too small, or too narrow, for a fingerprint. */
export function fingerprint(grey: Grey): Fingerprint | undefined {
  const shorter = Math.min(grey.width, grey.height), longer = Math.max(grey.width, grey.height);
  if (shorter < LEAST_SIDE || shorter * LONG_SIDE < 2 * longer) return undefined;
  const samples = softened(reduced(grey));
  return { hashes: views(frequencies(samples)).map(hash), quality: quality(samples) };
}

/** The longer side by a whole factor nearest to 256 pixels. Halving takes the four nearest pixels, as Python does. */
function reduced(grey: Grey): Grey {
  const { width, height } = grey;
  const factor = Math.min(round(Math.max(width, height) / REDUCED), Math.floor(Math.min(width, height) / 2));
  if (factor < 2) return grey;
  return (factor === 2 ? linearGrey : areaGrey)(grey, round(width / factor), round(height / factor));
}

/** 64 x 64 brightnesses, 0..255, rows first. */
function softened(grey: Grey): Float64Array {
  const { width, height, data } = grey;
  const across = softening(width), down = softening(height);
  const rows = new Float64Array(height * SAMPLES);
  for (let y = 0; y < height; y++) {
    for (let s = 0; s < SAMPLES; s++) {
      const { first, weights } = across[s]!;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * data[y * width + first + i]!;
      rows[y * SAMPLES + s] = sum;
    }
  }
  const out = new Float64Array(SAMPLES * SAMPLES);
  for (let t = 0; t < SAMPLES; t++) {
    const { first, weights } = down[t]!;
    for (let i = 0; i < weights.length; i++) {
      const row = (first + i) * SAMPLES;
      for (let s = 0; s < SAMPLES; s++) out[t * SAMPLES + s]! += weights[i]! * rows[row + s]!;
    }
  }
  return out;
}

interface Tent {
  first: number;
  weights: number[];
}

/** For each sample the weights of the pixels around its centre: two boxes of 1/128 of the side, one after the other. */
function softening(pixels: number): Tent[] {
  const half = pixels / (2 * SAMPLES);
  return Array.from({ length: SAMPLES }, (_, sample) => {
    const centre = ((sample + 0.5) * pixels) / SAMPLES;
    const first = Math.max(0, Math.floor(centre - half));
    const last = Math.min(pixels, Math.ceil(centre + half));
    const weights: number[] = [];
    for (let pixel = first; pixel < last; pixel++) {
      weights.push(below((pixel + 1 - centre) / half) - below((pixel - centre) / half));
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** How much of a tent of half width 1 lies left of `edge`. */
function below(edge: number): number {
  const at = Math.max(-1, Math.min(1, edge));
  return at < 0 ? (1 + at) ** 2 / 2 : 1 - (1 - at) ** 2 / 2;
}

const COSINES = Float64Array.from({ length: FREQUENCIES * SAMPLES }, (_, index) => {
  const frequency = Math.floor(index / SAMPLES) + 1, place = 2 * (index % SAMPLES) + 1;
  return Math.sqrt(2 / SAMPLES) * Math.cos((Math.PI / (2 * SAMPLES)) * frequency * place);
});

/** 16 x 16 values of the frequencies 1 to 16, rows (down) first. */
function frequencies(samples: Float64Array): Float64Array {
  const half = new Float64Array(FREQUENCIES * SAMPLES);
  for (let f = 0; f < FREQUENCIES; f++) {
    for (let y = 0; y < SAMPLES; y++) {
      const weight = COSINES[f * SAMPLES + y]!;
      for (let x = 0; x < SAMPLES; x++) half[f * SAMPLES + x]! += weight * samples[y * SAMPLES + x]!;
    }
  }
  const out = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let f = 0; f < FREQUENCIES; f++) {
    for (let g = 0; g < FREQUENCIES; g++) {
      let sum = 0;
      for (let x = 0; x < SAMPLES; x++) sum += half[f * SAMPLES + x]! * COSINES[g * SAMPLES + x]!;
      out[f * FREQUENCIES + g] = sum;
    }
  }
  return out;
}

/** Mirroring changes the sign of the odd frequencies, transposing swaps. */
function views(lowest: Float64Array): Float64Array[] {
  const view = (across: boolean, down: boolean, transposed: boolean): Float64Array =>
    lowest.map((_, index) => {
      let row = Math.floor(index / FREQUENCIES), column = index % FREQUENCIES;
      if (transposed) [row, column] = [column, row];
      const sign = (across && column % 2 === 0 ? -1 : 1) * (down && row % 2 === 0 ? -1 : 1);
      return sign * lowest[row * FREQUENCIES + column]!;
    });
  return [
    view(false, false, false), view(true, false, true), view(true, true, false), view(false, true, true),
    view(false, true, false), view(true, false, false), view(false, false, true), view(true, true, true),
  ];
}

function hash(values: Float64Array): string {
  const median = Float64Array.from(values).sort()[values.length / 2 - 1]!;
  let hex = "";
  for (let at = values.length - 4; at >= 0; at -= 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) if (values[at + bit]! > median) digit |= 1 << bit;
    hex += digit.toString(16);
  }
  return hex;
}

/** How much there is to see: the sum of steps between neighbours. */
function quality(samples: Float64Array): number {
  let sum = 0;
  for (let y = 0; y < SAMPLES; y++) {
    for (let x = 0; x < SAMPLES; x++) {
      const here = samples[y * SAMPLES + x]!;
      if (x + 1 < SAMPLES) sum += step(here, samples[y * SAMPLES + x + 1]!);
      if (y + 1 < SAMPLES) sum += step(here, samples[(y + 1) * SAMPLES + x]!);
    }
  }
  return Math.min(100, Math.floor(sum / 90));
}

function step(one: number, other: number): number {
  return Math.floor((Math.abs(one - other) * 100) / 255);
}
