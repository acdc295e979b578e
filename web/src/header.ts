// What a file is and how large its picture is, by its first bytes: before anything of it is unpacked. Bytes are hostile.

export type Kind = "jpeg" | "png" | "gif" | "webp" | "avif" | "heic" | "video" | "";

export const MAX_PIXELS = 40_000_000;

export const MIMES: Record<Exclude<Kind, "" | "video">, string> = {
  jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp", avif: "image/avif", heic: "image/heic",
};

const HEIC = new Set(["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]);
const MP4_BOXES = new Set(["moov", "mdat", "styp", "moof", "wide", "free", "skip"]);

function ascii(data: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...data.subarray(at, at + length));
}

export function sniff(data: Uint8Array): Kind {
  if (data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff) return "jpeg";
  if (ascii(data, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (/^GIF8[79]a/.test(ascii(data, 0, 6))) return "gif";
  if (ascii(data, 0, 4) === "RIFF" && ascii(data, 8, 4) === "WEBP") return "webp";
  const box = ascii(data, 4, 4), brand = ascii(data, 8, 4);
  if (box === "ftyp") return /^avi[fs]$/.test(brand) ? "avif" : HEIC.has(brand) ? heicOrAvif(data) : "video";
  if (MP4_BOXES.has(box) && data[0] === 0) return "video";
  if (ascii(data, 0, 4) === "\x1aE\xdf\xa3" || ascii(data, 0, 4) === "OggS") return "video";
  if (ascii(data, 0, 4) === "RIFF" && ascii(data, 8, 4) === "AVI ") return "video";
  return "";
}

/** A still picture in a container whose first name leaves open how it is packed; the further names tell. */
function heicOrAvif(data: Uint8Array): Kind {
  const length = new DataView(data.buffer, data.byteOffset, data.length).getUint32(0);
  return ascii(data, 8, Math.min(length, 128) - 8).includes("avif") ? "avif" : "heic";
}

export interface Size {
  width: number;
  height: number;
}

/** Pixels as stored, of JPEG, PNG, GIF and WebP; undefined where the first bytes do not tell. */
export function size(data: Uint8Array, kind: Kind): Size | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  try {
    if (kind === "png") return { width: view.getUint32(16), height: view.getUint32(20) };
    if (kind === "gif") return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (kind === "webp") return webp(view, data);
    if (kind === "jpeg") return jpeg(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

function webp(view: DataView, data: Uint8Array): Size | undefined {
  const form = ascii(data, 12, 4);
  const three = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (form === "VP8X") return { width: three(24) + 1, height: three(27) + 1 };
  if (form === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (form !== "VP8L") return undefined;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

function jpeg(view: DataView): Size | undefined {
  let at = 2;
  for (let markers = 0; markers < 500; markers++) {
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    if (marker === 0xd8 || marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker === 0xd9 || marker === 0xda) return undefined;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 5), height: view.getUint16(at + 3) };
    at += Math.max(2, view.getUint16(at));
  }
  return undefined;
}

/** Whether a GIF, or a WebP, has more than one picture, as far as its first bytes say. */
export function isAnimated(data: Uint8Array, kind: Kind): boolean {
  if (kind === "webp") return ascii(data, 12, 4) === "VP8X" && (data[20]! & 2) !== 0;
  return kind === "gif" && ascii(data, 0, data.length > 4096 ? 4096 : data.length).includes("NETSCAPE2.0");
}
