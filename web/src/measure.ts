// For `efface bench ondevice` and the tests: the product's own steps, to be called from outside. Never shipped.

import { readsTrue } from "./canvas.js";
import { base64 } from "./clip.js";
import { type Face, FaceEngine, type Models, start } from "./faces/engine.js";
import { make, type Made } from "./make.js";
import { Pace } from "./pace.js";
import { read } from "./pixels.js";

let engine: FaceEngine | undefined;

const bytes = async (url: string): Promise<ArrayBuffer> => (await fetch(url)).arrayBuffer();

async function load(plan: { wasm: string; glue: string; nets: Record<keyof Models, [Models["detector"][0], string]> }): Promise<void> {
  start(await bytes(plan.wasm), plan.glue);
  const net = async (name: keyof Models): Promise<Models["detector"]> => [plan.nets[name][0], await bytes(plan.nets[name][1])];
  engine = await FaceEngine.load({
    detector: await net("detector"), landmarks: await net("landmarks"), embedder: await net("embedder"),
  });
}

async function one(url: string, name: string, type: string, faces: boolean): Promise<Made & { ms: number }> {
  const file = new File([await bytes(url)], name, { type });
  const began = performance.now();
  const made = await make(file, faces ? engine : undefined, new Pace().breathe, () => undefined);
  return { ...made, ms: performance.now() - began };
}

async function pixels(url: string, side: number): Promise<{ width: number; height: number; data: string }> {
  const file = new Blob([await bytes(url)]);
  const { rgb } = await read(file, new Uint8Array(await file.arrayBuffer()), side, new Pace().breathe);
  return { width: rgb.width, height: rgb.height, data: base64(rgb.data) };
}

declare global {
  interface Window {
    measure: unknown;
  }
}

window.measure = { load, one, pixels, readsTrue };
export type { Face };
