// A file's picture as pixels of the size that Python would look at: never all of a large one at once.

import { free, sheet } from "./canvas.js";
import { type Kind, MAX_PIXELS, MIMES, size, sniff } from "./header.js";
import { AreaReducer, type Rgb } from "./resample.js";

export const MAX_FILE = 60_000_000;
/** Longer side at which the browser hands a picture over, as a multiple of what is wanted. */
const ROOM = 2;
const STRIP = 128;
const HEAD = 1 << 20;

export type Trouble = "empty" | "unknown" | "heic" | "damaged" | "large" | "small";

/** Why a file cannot be used. */
export class Unreadable extends Error {
  constructor(readonly trouble: Trouble | "video" | "video-time") {
    super(trouble);
  }
}

export interface Picture {
  rgb: Rgb;
  /** The picture's own size, upright. */
  width: number;
  height: number;
  mime: string;
}

export async function head(file: Blob): Promise<Uint8Array> {
  if (!file.size) throw new Unreadable("empty");
  return new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
}

/** The picture upright and flattened on white, at the size at which `efface.vision.pictures.read_pixels` would decode it
 * for `side`. Throws `Unreadable`. */
export async function read(file: Blob, first: Uint8Array, side: number, pause: () => Promise<void>): Promise<Picture> {
  const kind = sniff(first);
  if (!kind || kind === "video") throw new Unreadable("unknown");
  if (file.size > MAX_FILE) throw new Unreadable("large");
  const stored = size(first, kind);
  if (stored && stored.width * stored.height > MAX_PIXELS) throw new Unreadable("large");
  if (stored && (!stored.width || !stored.height)) throw new Unreadable("damaged");
  const bitmap = await decode(file, kind, stored && wanted(stored, kind, side));
  try {
    const own = upright(stored, bitmap);
    if (own.width * own.height > MAX_PIXELS) throw new Unreadable("large");
    const to = wanted(own, kind, side);
    const rgb = await reduced(bitmap, Math.min(to.width, bitmap.width), Math.min(to.height, bitmap.height), pause);
    return { rgb, ...own, mime: MIMES[kind] };
  } finally {
    bitmap.close();
  }
}

interface Size {
  width: number;
  height: number;
}

/** A JPEG at the smallest eighth whose longer side is at least `side`; others divided by a whole number. */
function wanted(own: Size, kind: Kind, side: number): Size {
  const longer = Math.max(own.width, own.height);
  if (kind === "jpeg") {
    let eighths = 1;
    while (eighths < 8 && Math.ceil((longer * eighths) / 8) < Math.min(side, longer)) eighths++;
    return { width: Math.ceil((own.width * eighths) / 8), height: Math.ceil((own.height * eighths) / 8) };
  }
  const factor = Math.max(1, Math.floor(longer / (2 * side)));
  return { width: Math.ceil(own.width / factor), height: Math.ceil(own.height / factor) };
}

async function decode(file: Blob, kind: Kind, to: Size | undefined): Promise<ImageBitmap> {
  const plain: ImageBitmapOptions = { imageOrientation: "from-image", premultiplyAlpha: "default", colorSpaceConversion: "none" };
  try {
    const first = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
    const stored = size(first, kind);
    // A side that the browser shrinks to; twice what is wanted, so that the well-defined filter has the last word.
    const shrinks = stored && to && stored.width > 2 * ROOM * to.width;
    return await createImageBitmap(
      file, shrinks ? { ...plain, resizeWidth: ROOM * to.width, resizeQuality: "high" } : plain,
    );
  } catch {
    throw new Unreadable(kind === "heic" ? "heic" : "damaged");
  }
}

/** The picture's own size as it stands upright: that of the bitmap says which way round. */
function upright(stored: Size | undefined, bitmap: ImageBitmap): Size {
  if (!stored) return { width: bitmap.width, height: bitmap.height };
  const turned = stored.width > stored.height !== bitmap.width > bitmap.height && stored.width !== stored.height;
  return turned ? { width: stored.height, height: stored.width } : { ...stored };
}

async function reduced(bitmap: ImageBitmap, width: number, height: number, pause: () => Promise<void>): Promise<Rgb> {
  const strip = sheet(bitmap.width, Math.min(STRIP, bitmap.height));
  const reducer = new AreaReducer(bitmap.width, bitmap.height, width, height, 3, 4);
  try {
    for (let top = 0; top < bitmap.height; top += STRIP) {
      const rows = Math.min(STRIP, bitmap.height - top);
      strip.context.fillStyle = "#fff";
      strip.context.fillRect(0, 0, bitmap.width, rows);
      strip.context.drawImage(bitmap, 0, top, bitmap.width, rows, 0, 0, bitmap.width, rows);
      reducer.add(strip.context.getImageData(0, 0, bitmap.width, rows).data);
      await pause();
    }
  } finally {
    free(strip);
  }
  return { width, height, data: reducer.finish() };
}
