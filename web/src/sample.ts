// Which frames of a video are hashed: every change of the picture, at most twelve a second, and one a second of a still
// one. As `efface.vision.video.read` does for a subject's own video.

import { areaGrey, type Grey } from "./resample.js";

const ENROL_STEP = 1 / 12;
const MOST_FRAMES = 1800;
const CHANGED = 1.2;
const AT_LEAST = 1.0;
const THUMB: [number, number] = [32, 18];

/** Seconds between the frames looked at. */
export function stepOf(duration: number): number {
  return Math.max(ENROL_STEP, duration / MOST_FRAMES);
}

export class Sampler {
  private seen: Grey | undefined;
  private keptAt = -1;
  private wanted = 0;

  constructor(private readonly step: number) {}

  /** Whether a frame at this time is looked at: asked before it is drawn. */
  isDue(seconds: number): boolean {
    if (seconds + 0.02 < this.wanted) return false;
    this.wanted = (Math.floor((seconds + 0.02) / this.step) + 1) * this.step;
    return true;
  }

  /** Whether it is kept: it differs from the one kept last, or that is a second ago. */
  keeps(grey: Grey, seconds: number): boolean {
    if (grey.width < THUMB[0] || grey.height < THUMB[1]) return this.keep(undefined, seconds);
    const look = areaGrey(grey, ...THUMB);
    if (this.seen && seconds - this.keptAt < AT_LEAST && difference(look, this.seen) < CHANGED) return false;
    return this.keep(look, seconds);
  }

  private keep(look: Grey | undefined, seconds: number): true {
    this.seen = look;
    this.keptAt = seconds;
    return true;
  }
}

function difference(one: Grey, other: Grey): number {
  let sum = 0;
  for (let i = 0; i < one.data.length; i++) sum += Math.abs(one.data[i]! - other.data[i]!);
  return sum / one.data.length;
}
