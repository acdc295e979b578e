// Pictures at another size. `Rgb` and `Grey` hold bytes, rows first; `Rgb` three to a pixel.

export interface Rgb {
  width: number;
  height: number;
  data: Uint8Array;
}

export interface Grey {
  width: number;
  height: number;
  data: Uint8Array;
}

/** To the nearest whole number, halves to the even one, as Python and OpenCV do. */
export function round(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** Weights of the mean over areas along one side: for each target pixel the first source pixel and what each counts. */
interface Span {
  first: number;
  weights: Float32Array;
}

function spans(from: number, to: number): Span[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => {
    const start = index * scale, end = Math.min(from, (index + 1) * scale);
    const first = Math.floor(start + 1e-9), last = Math.max(first + 1, Math.ceil(end - 1e-9));
    const weights = new Float32Array(last - first);
    for (let pixel = first; pixel < last; pixel++) {
      weights[pixel - first] = Math.max(0, Math.min(end, pixel + 1) - Math.max(start, pixel)) / scale;
    }
    return { first, weights };
  });
}

/** The mean over areas, taking rows as they come: a large picture need never be in memory as a whole. Every target side
 * is at most the source's. */
export class AreaReducer {
  private readonly across: Span[];
  private readonly down: Span[];
  private readonly sums: Float32Array;
  private readonly row: Float32Array;
  private readonly out: Uint8Array;
  private next = 0;
  private target = 0;

  /** `step`: bytes of one source pixel, of which the first `channels` are kept. */
  constructor(
    private readonly width: number,
    private readonly height: number,
    toWidth: number,
    private readonly toHeight: number,
    private readonly channels: 1 | 3,
    private readonly step: 1 | 3 | 4,
  ) {
    this.across = spans(width, toWidth);
    this.down = spans(height, toHeight);
    this.sums = new Float32Array(toWidth * channels);
    this.row = new Float32Array(toWidth * channels);
    this.out = new Uint8Array(toWidth * toHeight * channels);
  }

  /** The next rows of the source, from its top. */
  add(rows: Uint8Array | Uint8ClampedArray): void {
    const length = this.width * this.step;
    for (let at = 0; at + length <= rows.length && this.next < this.height; at += length) {
      this.reduceRow(rows, at);
      this.spread();
      this.next++;
    }
  }

  finish(): Uint8Array {
    return this.out;
  }

  private reduceRow(rows: Uint8Array | Uint8ClampedArray, at: number): void {
    const { across, channels, step, row } = this;
    for (let x = 0; x < across.length; x++) {
      const { first, weights } = across[x]!;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let i = 0, from = at + first * step + channel; i < weights.length; i++, from += step) {
          sum += weights[i]! * rows[from]!;
        }
        row[x * channels + channel] = sum;
      }
    }
  }

  /** Adds the row to the target rows that it lies in: at most two, as no side grows. */
  private spread(): void {
    while (this.target < this.toHeight) {
      const { first, weights } = this.down[this.target]!;
      if (this.next < first) return;
      const weight = weights[this.next - first] ?? 0;
      const { sums, row } = this;
      if (weight) for (let i = 0; i < sums.length; i++) sums[i]! += weight * row[i]!;
      if (this.next < first + weights.length - 1) return;
      const start = this.target * sums.length;
      for (let i = 0; i < sums.length; i++) this.out[start + i] = Math.min(255, sums[i]! + 0.5);
      sums.fill(0);
      this.target++;
    }
  }
}

export function areaGrey(grey: Grey, width: number, height: number): Grey {
  const reducer = new AreaReducer(grey.width, grey.height, width, height, 1, 1);
  reducer.add(grey.data);
  return { width, height, data: reducer.finish() };
}

export function areaRgb(rgb: Rgb, width: number, height: number): Rgb {
  if (rgb.width === width && rgb.height === height) return rgb;
  const reducer = new AreaReducer(rgb.width, rgb.height, width, height, 3, 3);
  reducer.add(rgb.data);
  return { width, height, data: reducer.finish() };
}

/** Brightness (ITU-R BT.601), rounded as OpenCV does. */
export function toGrey(rgb: Rgb): Grey {
  const data = new Uint8Array(rgb.width * rgb.height);
  for (let i = 0, from = 0; i < data.length; i++, from += 3) {
    data[i] = (9798 * rgb.data[from]! + 19235 * rgb.data[from + 1]! + 3735 * rgb.data[from + 2]! + 16384) >> 15;
  }
  return { width: rgb.width, height: rgb.height, data };
}

/** Bilinear between the centres of the four nearest pixels; the edge goes on beyond itself. */
export function linear(rgb: Rgb, width: number, height: number): Rgb {
  return bilinear(rgb, width, height, 3);
}

export function linearGrey(grey: Grey, width: number, height: number): Grey {
  return bilinear(grey, width, height, 1);
}

/** In OpenCV's whole numbers (weights of 1/2048), so that what follows sees the same bytes as in Python. */
function bilinear(rgb: Rgb | Grey, width: number, height: number, channels: 1 | 3): Rgb {
  if (rgb.width === width && rgb.height === height) return rgb;
  const out = new Uint8Array(width * height * channels);
  const columns = places(rgb.width, width), rows = places(rgb.height, height);
  const mixed = (row: number, { low, high, share }: Place, channel: number): number => {
    const a = rgb.data[(row * rgb.width + low) * channels + channel]!;
    const b = rgb.data[(row * rgb.width + high) * channels + channel]!;
    return (a * (ONE - share) + b * share) >> 4;
  };
  for (let y = 0; y < height; y++) {
    const { low: top, high: bottom, share: down } = rows[y]!;
    for (let x = 0; x < width; x++) {
      const column = columns[x]!;
      for (let channel = 0; channel < channels; channel++) {
        const upper = ((ONE - down) * mixed(top, column, channel)) >> 16;
        const lower = (down * mixed(bottom, column, channel)) >> 16;
        out[(y * width + x) * channels + channel] = (upper + lower + 2) >> 2;
      }
    }
  }
  return { width, height, data: out };
}

const ONE = 2048;

interface Place {
  low: number;
  high: number;
  /** Weight of `high`, in 1/2048. */
  share: number;
}

function places(from: number, to: number): Place[] {
  return Array.from({ length: to }, (_, index) => {
    const at = Math.fround(((index + 0.5) * from) / to - 0.5);
    const low = Math.floor(at);
    if (low < 0) return { low: 0, high: 0, share: 0 };
    if (low >= from - 1) return { low: from - 1, high: from - 1, share: 0 };
    return { low, high: low + 1, share: round(Math.fround(at - low) * ONE) };
  });
}

/** The picture at `width` x `height`: areas of whole pixels first, then bilinear for the rest. */
export function shrink(rgb: Rgb, width: number, height: number): Rgb {
  const factor = Math.min(Math.floor(rgb.width / width), Math.floor(rgb.height / height));
  if (factor < 2) return linear(rgb, width, height);
  const across = Math.floor(rgb.width / factor), down = Math.floor(rgb.height / factor);
  return linear(areaRgb(part(rgb, 0, 0, across * factor, down * factor), across, down), width, height);
}

/** A part of the picture; black where it leaves it. */
export function part(rgb: Rgb, left: number, top: number, width: number, height: number): Rgb {
  if (!left && !top && width === rgb.width && height === rgb.height) return rgb;
  const data = new Uint8Array(width * height * 3);
  const x1 = Math.max(0, left), x2 = Math.min(rgb.width, left + width);
  for (let y = Math.max(0, top); y < Math.min(rgb.height, top + height) && x2 > x1; y++) {
    data.set(rgb.data.subarray((y * rgb.width + x1) * 3, (y * rgb.width + x2) * 3), ((y - top) * width + x1 - left) * 3);
  }
  return { width, height, data };
}

/** Turned anticlockwise by quarter turns. */
export function turned(rgb: Rgb, turns: number): Rgb {
  if (turns % 4 === 0) return rgb;
  const { width, height } = rgb;
  const [across, down] = turns % 2 ? [height, width] : [width, height];
  const data = new Uint8Array(rgb.data.length);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const [fromX, fromY] =
        turns % 4 === 1 ? [width - 1 - y, x]
        : turns % 4 === 2 ? [width - 1 - x, height - 1 - y]
        : [y, height - 1 - x];
      const from = (fromY * width + fromX) * 3, to = (y * across + x) * 3;
      data[to] = rgb.data[from]!;
      data[to + 1] = rgb.data[from + 1]!;
      data[to + 2] = rgb.data[from + 2]!;
    }
  }
  return { width: across, height: down, data };
}

/** Rows of a 2 x 3 matrix. */
export type Affine = [number, number, number, number, number, number];

/** `size` x `size` pixels of the picture moved by `matrix` (picture to result); black from outside it. */
export function warped(rgb: Rgb, matrix: Affine, size: number, cubic: boolean): Rgb {
  const [a, b, c, d, e, f] = matrix;
  const determinant = a * e - b * d || 1e-12;
  const data = new Uint8Array(size * size * 3);
  const reach = cubic ? 2 : 1;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const fromX = grid((e * (x - c) - b * (y - f)) / determinant);
      const fromY = grid((a * (y - f) - d * (x - c)) / determinant);
      const left = Math.floor(fromX), top = Math.floor(fromY);
      const across = kernel(fromX - left, cubic), down = kernel(fromY - top, cubic);
      let red = 0, green = 0, blue = 0;
      for (let j = 0; j < down.length; j++) {
        const row = top + j + 1 - reach;
        if (row < 0 || row >= rgb.height) continue;
        for (let i = 0; i < across.length; i++) {
          const column = left + i + 1 - reach;
          if (column < 0 || column >= rgb.width) continue;
          const weight = across[i]! * down[j]!, from = (row * rgb.width + column) * 3;
          red += weight * rgb.data[from]!;
          green += weight * rgb.data[from + 1]!;
          blue += weight * rgb.data[from + 2]!;
        }
      }
      const to = (y * size + x) * 3;
      data[to] = byte(red);
      data[to + 1] = byte(green);
      data[to + 2] = byte(blue);
    }
  }
  return { width: size, height: size, data };
}

/** OpenCV knows places to 1/32 of a pixel. */
function grid(value: number): number {
  return Math.floor(value * 32 + 0.5) / 32;
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, value + 0.5));
}

/** Weights of the pixels around a place that is `share` of a pixel right of one: bilinear, or cubic with A = -0.75. */
function kernel(share: number, cubic: boolean): number[] {
  if (!cubic) return [1 - share, share];
  const A = -0.75;
  const far = (x: number): number => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
  const near = (x: number): number => ((A + 2) * x - (A + 3)) * x * x + 1;
  return [far(share + 1), near(share), near(1 - share), far(2 - share)];
}
