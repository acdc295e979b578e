// SHA-256 (FIPS 180-4) and MD5 (RFC 1321), piece by piece: a video of a gigabyte is never in memory as a whole.
// SubtleCrypto wants all bytes at once, so it is asked for pictures only (see `digests`).

const BLOCK = 64;
const PIECE = 1 << 20;
/** Files up to this size, bytes, are read as a whole and left to SubtleCrypto where the browser has it. */
const AT_ONCE = 64 << 20;

abstract class Digest {
  protected readonly view = new DataView(new ArrayBuffer(BLOCK));
  private readonly waiting = new Uint8Array(this.view.buffer);
  private held = 0;
  private length = 0;

  protected abstract block(data: DataView, at: number): void;
  protected abstract words(): Uint32Array;
  protected abstract readonly littleEndian: boolean;

  update(data: Uint8Array): this {
    this.length += data.length;
    let at = 0;
    if (this.held) {
      at = Math.min(BLOCK - this.held, data.length);
      this.waiting.set(data.subarray(0, at), this.held);
      this.held += at;
      if (this.held < BLOCK) return this;
      this.block(this.view, 0);
      this.held = 0;
    }
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (; at + BLOCK <= data.length; at += BLOCK) this.block(view, at);
    this.waiting.set(data.subarray(at), 0);
    this.held = data.length - at;
    return this;
  }

  hex(): string {
    const bits = this.length * 8;
    const padding = new Uint8Array((this.held < 56 ? 56 : 120) - this.held + 8);
    padding[0] = 0x80;
    const tail = new DataView(padding.buffer, padding.length - 8);
    const high = Math.floor(bits / 2 ** 32);
    tail.setUint32(this.littleEndian ? 4 : 0, high, this.littleEndian);
    tail.setUint32(this.littleEndian ? 0 : 4, bits >>> 0, this.littleEndian);
    this.update(padding);
    const out = new DataView(new ArrayBuffer(this.words().length * 4));
    this.words().forEach((word, index) => out.setUint32(index * 4, word, this.littleEndian));
    return toHex(new Uint8Array(out.buffer));
  }
}

const PRIMES = firstPrimes(64);
const K256 = new Uint32Array(PRIMES.map((prime) => fraction(Math.cbrt(prime))));

/** The first 32 bits of a number's fraction. */
function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) >>> 0;
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime)) found.push(candidate);
  }
  return found;
}

export class Sha256 extends Digest {
  protected readonly littleEndian = false;
  private readonly state = new Uint32Array(PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))));
  private readonly schedule = new Int32Array(64);

  protected words(): Uint32Array {
    return this.state;
  }

  protected block(data: DataView, at: number): void {
    const w = this.schedule;
    for (let i = 0; i < 16; i++) w[i] = data.getInt32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!, y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.state as unknown as [
      number, number, number, number, number, number, number, number,
    ];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + s1 + ((e & f) ^ (~e & g)) + K256[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e;
      e = (d + first) | 0;
      d = c; c = b; b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, index) => (this.state[index] = this.state[index]! + value));
  }
}

const KMD5 = new Int32Array(64).map((_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const TURNS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/** Only because some hash lists are exchanged in it. */
export class Md5 extends Digest {
  protected readonly littleEndian = true;
  private readonly state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  private readonly message = new Int32Array(16);

  protected words(): Uint32Array {
    return this.state;
  }

  protected block(data: DataView, at: number): void {
    const m = this.message;
    for (let i = 0; i < 16; i++) m[i] = data.getInt32(at + i * 4, true);
    let [a, b, c, d] = this.state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed =
        round === 0 ? (b & c) | (~b & d)
        : round === 1 ? (d & b) | (~d & c)
        : round === 2 ? b ^ c ^ d
        : c ^ (b | ~d);
      const place = round === 0 ? i : round === 1 ? (5 * i + 1) & 15 : round === 2 ? (3 * i + 5) & 15 : (7 * i) & 15;
      const sum = (a + mixed + KMD5[i]! + m[place]!) | 0;
      const by = TURNS[round * 4 + (i & 3)]!;
      a = d; d = c; c = b;
      b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
    }
    [a, b, c, d].forEach((value, index) => (this.state[index] = this.state[index]! + value));
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface Digests {
  sha256: string;
  md5: string;
}

/** Digests of a file. `pause` is awaited between pieces, so that the page stays alive and work can be stopped. */
export async function digests(file: Blob, pause: () => Promise<void>): Promise<Digests> {
  const md5 = new Md5();
  const subtle = globalThis.crypto?.subtle;
  if (subtle && file.size <= AT_ONCE) {
    const all = new Uint8Array(await file.arrayBuffer());
    if (all.length !== file.size) throw new Error("the file changed while it was read");
    for (let at = 0; at < all.length; at += PIECE) {
      md5.update(all.subarray(at, at + PIECE));
      await pause();
    }
    return { sha256: toHex(new Uint8Array(await subtle.digest("SHA-256", all))), md5: md5.hex() };
  }
  const sha256 = new Sha256();
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
    sha256.update(piece);
    md5.update(piece);
    await pause();
  }
  return { sha256: sha256.hex(), md5: md5.hex() };
}
