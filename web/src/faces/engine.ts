// The face engine: pixels in, faces with embeddings out, nothing kept. As `efface.vision.faces.engine`.

import { type Rgb, round } from "../resample.js";
import { chip } from "./align.js";
import { type Box, Detector, suppress } from "./detect.js";
import { LandmarkFinder, type Points } from "./landmarks.js";
import { type Manifest, Net, start } from "./net.js";
import { decimals, quality, sharpShare, turn } from "./quality.js";

export { start };
export type { Manifest };

const MIN_BELIEF = 0.4;
const MIN_PX = 16;
const CERTAIN = 0.98;
const MAX_FACES = 32;

/** One face of one picture: as `efface.net.protocol.Face`. */
export interface Face {
  box: [number, number, number, number];
  score: number;
  quality: number;
  px: number;
  embedding: number[];
  model: string;
  sharp: number;
  turn: number;
}

interface Seen {
  box: Box;
  px: number;
  points: Points;
}

export interface Models {
  detector: [Manifest, ArrayBuffer];
  landmarks: [Manifest, ArrayBuffer];
  embedder: [Manifest, ArrayBuffer];
}

export class FaceEngine {
  private readonly detector: Detector;
  private readonly landmarks: LandmarkFinder;

  private constructor(private readonly nets: [Net, Net, Net]) {
    this.detector = new Detector(nets[0]);
    this.landmarks = new LandmarkFinder(nets[1]);
  }

  static async load(models: Models): Promise<FaceEngine> {
    return new FaceEngine([
      await Net.load(...models.detector), await Net.load(...models.landmarks), await Net.load(...models.embedder),
    ]);
  }

  async release(): Promise<void> {
    for (const net of this.nets) await net.release();
  }

  /** The faces of a picture, widest first. `pause` is awaited between the steps. */
  async analyse(rgb: Rgb, pause: () => Promise<void>): Promise<Face[]> {
    if (Math.min(rgb.width, rgb.height) < 16) return [];
    const faces: Face[] = [];
    for (const seen of await this.seen(rgb, pause)) {
      await pause();
      const picture = chip(rgb, seen.points);
      faces.push(this.found(seen, picture, await this.embed(picture), rgb));
    }
    return faces;
  }

  private async seen(rgb: Rgb, pause: () => Promise<void>): Promise<Seen[]> {
    const seen = await this.withPoints(rgb, await this.detector.detect(rgb), 0);
    if (Math.max(0, ...seen.map((face) => face.box.score)) < CERTAIN) {
      await pause();
      for (const [turns, boxes] of await this.detector.detectTurned(rgb)) {
        seen.push(...(await this.withPoints(rgb, boxes, turns)));
      }
    }
    const kept = suppress(seen.map((face) => face.box)).map((index) => seen[index]!);
    return kept.sort((a, b) => b.px - a.px).slice(0, MAX_FACES);
  }

  private async withPoints(rgb: Rgb, boxes: Box[], turns: number): Promise<Seen[]> {
    const surest = [...boxes].sort((a, b) => b.score - a.score).slice(0, 2 * MAX_FACES);
    const found = await this.landmarks.find(rgb, surest, turns);
    return surest.flatMap((box, index) => {
      const { points, belief } = found[index]!;
      const px = turns % 2 ? box.y2 - box.y1 : box.x2 - box.x1;
      if (belief < MIN_BELIEF || px < MIN_PX) return [];
      return [{ box: { ...box, score: box.score * belief }, px, points }];
    });
  }

  /** The numbers of a chip, of length one; with `flip` in the manifest the sum over it and its mirror image. */
  private async embed(picture: Rgb): Promise<number[]> {
    const net = this.nets[2];
    const vector = Array.from((await net.run([picture])).embedding!);
    if (net.manifest.flip) {
      (await net.run([mirrored(picture)])).embedding!.forEach((value, i) => (vector[i]! += value));
    }
    const length = Math.hypot(...vector) || 1;
    return vector.map((value) => Math.fround(value / length));
  }

  private found(seen: Seen, picture: Rgb, embedding: number[], rgb: Rgb): Face {
    const { x1, y1, x2, y2, score } = seen.box;
    const box = [x1 / rgb.width, y1 / rgb.height, (x2 - x1) / rgb.width, (y2 - y1) / rgb.height];
    return {
      box: box.map((share) => decimals(share, 5)) as Face["box"],
      score: decimals(score, 4),
      quality: quality(picture, seen.points, seen.px, score),
      px: round(seen.px),
      embedding,
      model: this.nets[2].manifest.model,
      sharp: decimals(sharpShare(picture), 3),
      turn: decimals(turn(seen.points), 3),
    };
  }
}

function mirrored(rgb: Rgb): Rgb {
  const data = new Uint8Array(rgb.data.length);
  for (let y = 0; y < rgb.height; y++) {
    for (let x = 0; x < rgb.width; x++) {
      const from = (y * rgb.width + x) * 3, to = (y * rgb.width + rgb.width - 1 - x) * 3;
      data[to] = rgb.data[from]!;
      data[to + 1] = rgb.data[from + 1]!;
      data[to + 2] = rgb.data[from + 2]!;
    }
  }
  return { width: rgb.width, height: rgb.height, data };
}
