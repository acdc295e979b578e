// Which face of a photo could be hers, and what to tell her where none can be used. The limits are those of
// `efface.vision.faces.template`, which looks again when the faces arrive.

import type { Face } from "./engine.js";

const MIN_PX = 36;
const MIN_QUALITY = 0.1;
const BYSTANDER = 0.5;
const DIM = 0.35;
const TURNED = 0.3;

/** `no-face`, or why the one that was found cannot be used: `small`, `blurred` (more light helps), `turned`. */
export type Advice = "no-face" | "small" | "blurred" | "turned";

export interface Choice {
  /** Faces that could be hers: none, one, or several among which only she can tell. */
  candidates: Face[];
  advice?: Advice;
}

export function choose(faces: Face[]): Choice {
  const clear = faces.filter((face) => face.px >= MIN_PX && face.quality >= MIN_QUALITY);
  const widest = Math.max(0, ...clear.map((face) => face.px));
  const candidates = clear.filter((face) => face.px >= BYSTANDER * widest);
  if (candidates.length) return { candidates };
  const best = faces[0];
  if (!best) return { candidates, advice: "no-face" };
  if (best.px < MIN_PX) return { candidates, advice: "small" };
  if (Math.abs(best.turn) > TURNED && best.sharp >= DIM) return { candidates, advice: "turned" };
  return { candidates, advice: best.sharp < DIM ? "blurred" : "turned" };
}
