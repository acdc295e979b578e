// One file to what is sent of it: what `efface fingerprint` writes into a bundle. No picture is in it.

import { base64, packed } from "./clip.js";
import { digests } from "./digest.js";
import type { Face, FaceEngine } from "./faces/engine.js";
import { isAnimated, sniff } from "./header.js";
import { fingerprint, HASH_SIDE } from "./pdq.js";
import { head, read, Unreadable } from "./pixels.js";
import { toGrey } from "./resample.js";
import { watch } from "./video.js";

/** Least longer side at which a picture is looked at for faces. */
const FACE_SIDE = 1280;

/** As `efface.net.protocol.Decoded`. */
export interface Decoded {
  picture: {
    sha256: string; md5: string; size: number; mime: string; width: number; height: number; pdq: string[];
    pdq_quality: number; faces: number; face_px: number; clip: string; seconds: number; error: "";
  };
  faces: Face[];
  look: "";
  print: "";
  print_refused: "on-device";
  vectors: [];
}

export interface Made {
  decoded: Decoded;
  /** All faces of the picture. They stay here: `decoded` has none. Undefined where none were looked for. */
  faces?: Face[];
  /** A picture that moves, of which the first one was taken. */
  firstOnly: boolean;
}

/** Throws `Unreadable`, and what `pause` throws. `progress` is told a share, 0..1. */
export async function make(
  file: File, engine: FaceEngine | undefined, pause: () => Promise<void>, progress: (share: number) => void,
): Promise<Made> {
  const first = await head(file);
  const kind = sniff(first);
  if (kind === "video") return ofVideo(file, pause, progress);
  if (!kind) throw new Unreadable("unknown");
  const picture = await read(file, first, engine ? FACE_SIDE : HASH_SIDE, pause);
  progress(0.4);
  const print = fingerprint(toGrey(picture.rgb));
  if (!print) throw new Unreadable("small");
  await pause();
  const faces = engine ? await engine.analyse(picture.rgb, pause) : undefined;
  progress(0.8);
  const { width, height, mime } = picture;
  return {
    decoded: decoded({
      ...(await digests(file, pause)), size: file.size, mime, width, height, pdq: print.hashes,
      pdq_quality: print.quality, faces: 0, face_px: 0, clip: "", seconds: 0, error: "",
    }),
    ...(faces ? { faces } : {}),
    firstOnly: isAnimated(first, kind),
  };
}

async function ofVideo(file: File, pause: () => Promise<void>, progress: (share: number) => void): Promise<Made> {
  const { clip, best } = await watch(file, pause, (share) => progress(share * 0.9));
  return {
    decoded: decoded({
      ...(await digests(file, pause)), size: file.size, mime: /^video\/[\w.+-]{1,32}$/.test(file.type) ? file.type : "video/mp4",
      width: clip.width, height: clip.height, pdq: best.hashes, pdq_quality: best.quality, faces: 0, face_px: 0,
      clip: base64(packed(clip)), seconds: Number(clip.duration.toFixed(2)), error: "",
    }),
    firstOnly: false,
  };
}

function decoded(picture: Decoded["picture"]): Decoded {
  return { picture, faces: [], look: "", print: "", print_refused: "on-device", vectors: [] };
}

export interface Item {
  label: string;
  decoded: Decoded;
}

/** The text that is sent. */
export function bundle(items: Item[]): string {
  return JSON.stringify({ efface: "bundle", version: 1, items });
}
