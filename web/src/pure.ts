// The parts that need no browser, under one roof, for tests beside Python's. Never shipped.

import { base64, type Clip, crc32, packed } from "./clip.js";
import { Md5, Sha256 } from "./digest.js";
import { chip } from "./faces/align.js";
import { arrange, type Box, suppress } from "./faces/detect.js";
import { choose } from "./faces/choose.js";
import type { Face } from "./faces/engine.js";
import { poseShare, quality, sharpShare, turn } from "./faces/quality.js";
import { isAnimated, size, sniff } from "./header.js";
import { fingerprint } from "./pdq.js";
import { areaGrey, areaRgb, linear, type Rgb, shrink, toGrey, turned } from "./resample.js";
import { Sampler, stepOf } from "./sample.js";

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
interface Given {
  width: number;
  height: number;
  data: string;
}
const picture = (one: Given): Rgb => ({ ...one, data: bytes(one.data) });
const told = (one: Rgb): Given => ({ width: one.width, height: one.height, data: base64(one.data) });
type Five = [number, number][];

export const calls = {
  md5: (data: string, cut: number) => new Md5().update(bytes(data).subarray(0, cut)).update(bytes(data).subarray(cut)).hex(),
  sha256: (data: string, cut: number) =>
    new Sha256().update(bytes(data).subarray(0, cut)).update(bytes(data).subarray(cut)).hex(),
  crc32: (data: string) => crc32(bytes(data)),
  packed: (clip: Clip) => base64(packed(clip)),
  fingerprint: (rgb: Given) => fingerprint(toGrey(picture(rgb))) ?? null,
  grey: (rgb: Given) => told(toGrey(picture(rgb))),
  areaRgb: (rgb: Given, width: number, height: number) => told(areaRgb(picture(rgb), width, height)),
  areaGrey: (grey: Given, width: number, height: number) => told(areaGrey(picture(grey), width, height)),
  linear: (rgb: Given, width: number, height: number) => told(linear(picture(rgb), width, height)),
  shrink: (rgb: Given, width: number, height: number) => told(shrink(picture(rgb), width, height)),
  turned: (rgb: Given, turns: number) => told(turned(picture(rgb), turns)),
  chip: (rgb: Given, points: Five) => told(chip(picture(rgb), points)),
  worth: (rgb: Given, points: Five, px: number, score: number) => [
    quality(picture(rgb), points, px, score), sharpShare(picture(rgb)), poseShare(points), turn(points),
  ],
  arrange: (width: number, height: number) => arrange(width, height, 320, 240),
  suppress: (boxes: Box[]) => suppress(boxes),
  choose: (faces: Face[]) => choose(faces),
  header: (data: string) => {
    const head = bytes(data), kind = sniff(head);
    return { kind, size: size(head, kind) ?? null, animated: isAnimated(head, kind) };
  },
  /** Which of the grey frames of one size are kept, at what times. */
  sampled: (frames: [number, number][], duration: number) => {
    const sampler = new Sampler(stepOf(duration));
    const even = (level: number): Rgb => ({ width: 64, height: 36, data: new Uint8Array(64 * 36).fill(level) });
    return frames.filter(([at, level]) => sampler.isDue(at) && sampler.keeps(even(level), at)).map(([at]) => at);
  },
};
