// A video's frames as hashes: played muted and unseen, each frame looked at as it comes; or sought one by one where the
// browser does not tell when a frame is there, and in long videos.

import { free, sheet, type Sheet } from "./canvas.js";
import type { Clip, Frame } from "./clip.js";
import { fingerprint, type Fingerprint, LEAST_SIDE, LONG_SIDE } from "./pdq.js";
import { Unreadable } from "./pixels.js";
import { type Grey, round, toGrey } from "./resample.js";
import { Sampler, stepOf } from "./sample.js";

const MAX_PIXELS = 9_500_000;
/** Up to this step, seconds, playing is quicker than seeking. */
const PLAYED_STEP = 0.5;
const SOUGHT_FRAMES = 600;
const SOUGHT_STEP = 0.25;
const FRAMES_A_SECOND = 20;
const FASTEST = 8;
const STALLED_MS = 15_000;
const MOST_MS = 600_000;
export const MAX_FILE = 2_000_000_000;

export interface Watched {
  clip: Clip;
  /** Of the frame that shows most. */
  best: Fingerprint;
}

type Progress = (share: number) => void;

/** Throws `Unreadable` where it cannot be played here, and what `pause` throws. */
export async function watch(file: Blob, pause: () => Promise<void>, progress: Progress): Promise<Watched> {
  if (file.size > MAX_FILE) throw new Unreadable("large");
  const url = URL.createObjectURL(file);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  video.disableRemotePlayback = true;
  let view: Sheet | undefined;
  try {
    video.src = url;
    await happens(video, "loadeddata");
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || !height) throw new Unreadable("video");
    if (width * height > MAX_PIXELS) throw new Unreadable("large");
    if (Math.min(width, height) < LEAST_SIDE) throw new Unreadable("small");
    const duration = await lengthOf(video);
    const scale = LONG_SIDE / Math.max(width, height);
    view = sheet(Math.max(2, round(width * scale)), Math.max(2, round(height * scale)));
    const reading = new Reading(video, view, duration, pause, progress);
    const whole = await reading.run();
    if (!reading.best) throw new Unreadable("video");
    return { clip: { duration, width, height, ending: whole ? 0 : 1, frames: reading.frames }, best: reading.best };
  } finally {
    video.pause();
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
    if (view) free(view);
  }
}

class Reading {
  readonly frames: Frame[] = [];
  best: Fingerprint | undefined;
  private readonly began = performance.now();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly view: Sheet,
    private readonly duration: number,
    private readonly pause: () => Promise<void>,
    private readonly progress: Progress,
  ) {}

  /** Whether all of it was read. */
  async run(): Promise<boolean> {
    const step = stepOf(this.duration);
    const whole = "requestVideoFrameCallback" in this.video && step <= PLAYED_STEP ? await this.play(step) : await this.seek();
    this.frames.sort((a, b) => a.seconds - b.seconds);
    return whole;
  }

  private isLate(): boolean {
    return performance.now() - this.began > MOST_MS;
  }

  private async play(step: number): Promise<boolean> {
    const { video } = this;
    const sampler = new Sampler(step);
    const most = Math.min(FASTEST, Math.max(1, step * FRAMES_A_SECOND));
    let rate = most, last = 0;
    // What was shown before playing began.
    this.take(sampler, 0);
    video.playbackRate = rate;
    await video.play().catch(() => {
      throw new Unreadable("video");
    });
    while (!video.ended) {
      const seconds = await nextFrame(video);
      if (seconds === undefined) break;
      if (seconds - last > 1.75 * step) rate = Math.max(0.5, rate * 0.9);
      else if (seconds - last < 1.2 * step) rate = Math.min(most, rate * 1.02);
      video.playbackRate = rate;
      if (sampler.isDue(seconds)) {
        last = seconds;
        this.take(sampler, seconds, true);
        this.progress(seconds / this.duration);
      }
      await this.pause();
      if (this.isLate()) return false;
    }
    return true;
  }

  private async seek(): Promise<boolean> {
    const step = Math.max(SOUGHT_STEP, this.duration / SOUGHT_FRAMES);
    const sampler = new Sampler(step);
    for (let at = 0; at < this.duration; at += step) {
      this.video.currentTime = Math.min(at, Math.max(0, this.duration - 0.01));
      await happens(this.video, "seeked");
      this.take(sampler, at);
      this.progress(at / this.duration);
      await this.pause();
      if (this.isLate()) return false;
    }
    return true;
  }

  private take(sampler: Sampler, seconds: number, due = false): void {
    if (!due && !sampler.isDue(seconds)) return;
    const grey = this.drawn();
    if (!sampler.keeps(grey, seconds)) return;
    const print = fingerprint(grey);
    if (!print) return;
    this.frames.push({ seconds, quality: print.quality, pdq: print.hashes[0]!, mirrored: print.hashes[5]! });
    if (!this.best || print.quality > this.best.quality) this.best = print;
  }

  private drawn(): Grey {
    const { canvas, context } = this.view;
    context.drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const rgb = new Uint8Array(canvas.width * canvas.height * 3);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      rgb[to] = data[from]!;
      rgb[to + 1] = data[from + 1]!;
      rgb[to + 2] = data[from + 2]!;
    }
    return toGrey({ width: canvas.width, height: canvas.height, data: rgb });
  }
}

/** The time of the next frame shown, seconds; undefined at the end. */
function nextFrame(video: HTMLVideoElement): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let timer = 0;
    const done = (work: () => void) => (): void => {
      clearTimeout(timer);
      video.removeEventListener("ended", ended);
      video.removeEventListener("error", failed);
      work();
    };
    const ended = done(() => resolve(undefined));
    const failed = done(() => reject(new Unreadable("video")));
    const watch = (): void => {
      timer = window.setTimeout(() => (document.hidden ? watch() : done(() => reject(new Unreadable("video-time")))()), STALLED_MS);
    };
    video.addEventListener("ended", ended);
    video.addEventListener("error", failed);
    video.requestVideoFrameCallback((_, facts) => done(() => resolve(facts.mediaTime))());
    if (video.ended) ended();
    else watch();
  });
}

/** Waits for an event of the video. Throws `Unreadable` where it fails or nothing happens for long. */
function happens(video: HTMLVideoElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => end(() => reject(new Unreadable("video-time"))), STALLED_MS);
    const end = (work: () => void): void => {
      clearTimeout(timer);
      video.removeEventListener(name, good);
      video.removeEventListener("error", bad);
      work();
    };
    const good = (): void => end(resolve);
    const bad = (): void => end(() => reject(new Unreadable("video")));
    video.addEventListener(name, good);
    video.addEventListener("error", bad);
  });
}

/** Seconds. Recordings of a browser do not say theirs before they were sought to the end. */
async function lengthOf(video: HTMLVideoElement): Promise<number> {
  if (!Number.isFinite(video.duration)) {
    video.currentTime = 1e7;
    await happens(video, "seeked");
    const end = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    video.currentTime = 0;
    await happens(video, "seeked");
    return end;
  }
  return video.duration;
}
