// What is kept of a video, as `efface.vision.video.VideoPrint` packs it.

export interface Frame {
  seconds: number;
  quality: number;
  pdq: string;
  mirrored: string;
}

export interface Clip {
  duration: number;
  width: number;
  height: number;
  /** Why there was more than was read: 0 for all of it, 1 for want of time. */
  ending: 0 | 1;
  frames: Frame[];
}

/** Frames are numbered as if there were so many to a second: a browser does not tell how many there are. */
const RATE = 30;
const FRAME_BYTES = 10 + 64;

export function packed(clip: Clip): Uint8Array {
  const body = new Uint8Array(clip.frames.length * FRAME_BYTES);
  const view = new DataView(body.buffer);
  clip.frames.forEach((frame, index) => {
    const at = index * FRAME_BYTES;
    view.setUint32(at, Math.round(frame.seconds * RATE));
    view.setUint32(at + 4, Math.round(frame.seconds * 1000));
    view.setUint8(at + 8, frame.quality);
    view.setUint8(at + 9, 1);
    body.set(fromHex(frame.pdq), at + 10);
    body.set(fromHex(frame.mirrored), at + 42);
  });
  const out = new Uint8Array(25 + body.length);
  const head = new DataView(out.buffer);
  out.set([0x45, 0x56, 0x50, 0x31]);
  head.setUint32(4, clip.frames.length);
  head.setUint32(8, Math.round(clip.duration * 1000));
  head.setUint32(12, clip.width);
  head.setUint32(16, clip.height);
  head.setUint8(20, clip.ending);
  head.setUint32(21, crc32(body));
  out.set(body, 25);
  return out;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as in zlib. */
export function crc32(data: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of data) value = (value >>> 8) ^ TABLE[(value ^ byte) & 255]!;
  return ~value >>> 0;
}

export function base64(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(text);
}
