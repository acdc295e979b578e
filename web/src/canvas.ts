// Canvases that are read back, never shown; and whether this browser reads back what was drawn.

export interface Sheet {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
}

/** A white canvas. `free` it afterwards: old phones count every canvas. */
export function sheet(width: number, height: number): Sheet {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  return { canvas, context };
}

export function free(one: Sheet): void {
  one.canvas.width = one.canvas.height = 0;
}

const SIDE = 64;

/** Some browsers change what a page reads from a canvas, so that it cannot tell visitors apart. Fingerprints made
 * there would recognise nothing. A pattern that is known says so: it is drawn, painted over in parts, and compared. */
export function readsTrue(): boolean {
  const one = sheet(SIDE, SIDE);
  try {
    const expected = one.context.createImageData(SIDE, SIDE);
    let state = 12345;
    for (let i = 0; i < expected.data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      expected.data[i] = i % 4 === 3 ? 255 : state >>> 24;
    }
    one.context.putImageData(expected, 0, 0);
    for (let box = 0; box < 8; box++) {
      const [red, green, blue] = [31 * box, 255 - 29 * box, (77 * box) % 256];
      one.context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
      one.context.fillRect(box * 8, box * 8, 8, 8);
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) expected.data.set([red!, green!, blue!], ((box * 8 + y) * SIDE + box * 8 + x) * 4);
      }
    }
    return [1, 2].every(() => one.context.getImageData(0, 0, SIDE, SIDE).data.every((v, i) => v === expected.data[i]));
  } catch {
    return false;
  } finally {
    free(one);
  }
}
