// A neural network through onnxruntime-web, fed as its manifest says. One thread; the page is not cross-origin isolated.

import * as ort from "onnxruntime-web/wasm";

import type { Rgb } from "../resample.js";

/** What of a model's manifest is needed to run it: as `efface.vision.models.manifest`. */
export interface Manifest {
  input: {
    name: string;
    layout: "NHWC" | "NCHW" | "NCWH";
    width: number;
    height: number;
    color: "RGB" | "BGR";
    mean: number | number[];
    std: number | number[];
    dtype: "float32" | "uint8";
  };
  /** Word used here -> name of the graph's output. */
  outputs: Record<string, string>;
  flip: boolean;
  /** Identity with the file's digest: embeddings compare only under the same one. */
  model: string;
}

export type Answer = Record<string, Float32Array>;

let ready = false;

/** Hands the runtime its own code; before that no net can be made. */
export function start(wasm: ArrayBuffer, glue: string): void {
  if (ready) return;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.wasmPaths = { mjs: glue };
  ort.env.logLevel = "error";
  ready = true;
}

export class Net {
  private constructor(
    readonly manifest: Manifest,
    private readonly session: ort.InferenceSession,
  ) {}

  /** Throws where the bytes are no model that the runtime can load. */
  static async load(manifest: Manifest, model: ArrayBuffer): Promise<Net> {
    const session = await ort.InferenceSession.create(new Uint8Array(model), {
      executionProviders: ["wasm"],
      enableCpuMemArena: false,
      enableMemPattern: false,
    });
    return new Net(manifest, session);
  }

  /** The named outputs for pictures of the input's size, flat. */
  async run(pictures: Rgb[]): Promise<Answer> {
    const { input, outputs } = this.manifest;
    const values = feed(pictures, input);
    const { width, height } = input;
    const shape =
      input.layout === "NHWC" ? [height, width, 3]
      : input.layout === "NCHW" ? [3, height, width]
      : [3, width, height];
    const dims = [pictures.length, ...shape];
    const tensor =
      values instanceof Uint8Array ? new ort.Tensor("uint8", values, dims) : new ort.Tensor("float32", values, dims);
    const answer = await this.session.run({ [input.name]: tensor }, Object.values(outputs));
    const named: Answer = {};
    for (const [word, name] of Object.entries(outputs)) named[word] = answer[name]!.data as Float32Array;
    return named;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** Pixels as the tensor that the manifest describes. */
export function feed(pictures: Rgb[], input: Manifest["input"]): Float32Array | Uint8Array {
  const { width, height } = input;
  const plane = width * height;
  const values = input.dtype === "uint8" ? new Uint8Array(pictures.length * plane * 3) : new Float32Array(pictures.length * plane * 3);
  const mean = three(input.mean), std = three(input.std);
  const [column, row, channel] =
    input.layout === "NHWC" ? [3, width * 3, 1]
    : input.layout === "NCHW" ? [1, width, plane]
    : [height, 1, plane];
  pictures.forEach((picture, index) => {
    for (let c = 0; c < 3; c++) {
      const from = input.color === "RGB" ? c : 2 - c;
      const shift = input.dtype === "uint8" ? 0 : mean[c]!, scale = input.dtype === "uint8" ? 1 : 1 / std[c]!;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const to = index * plane * 3 + x * column + y * row + c * channel;
          values[to] = (picture.data[(y * width + x) * 3 + from]! - shift) * scale;
        }
      }
    }
  });
  return values;
}

function three(value: number | number[]): number[] {
  return typeof value === "number" ? [value, value, value] : value;
}
