// The page "My pictures": files chosen here become fingerprints here, one after the other. What is sent is text.

import { readsTrue } from "./canvas.js";
import { choose } from "./faces/choose.js";
import type { Face, FaceEngine, Manifest } from "./faces/engine.js";
import { bundle, type Item, make } from "./make.js";
import { Pace, Stopped } from "./pace.js";
import { Unreadable } from "./pixels.js";
import { Refused, type Sender, sender, SignedOut } from "./send.js";
import { askWhich, find, List, type Words, words } from "./show.js";

interface Plan {
  made: string;
  enter: string;
  glue: string;
  wasm: string;
  nets: Record<string, { url: string; manifest: Manifest }>;
  words: Record<string, string>;
}

const MOST_FILES = 40;
const LEAST_PHOTOS = 3;

/** A photo whose fingerprint was kept, and the faces on it: these stay here until she said which one is hers. */
interface Photo {
  item: Item;
  faces: Face[];
}

class Work {
  readonly pace = new Pace();
  private readonly photos: Photo[] = [];
  private kept = 0;

  constructor(
    private readonly plan: Plan,
    private readonly say: Words,
    private readonly send: Sender,
    private readonly list: List,
    private readonly asking: HTMLElement,
  ) {}

  async run(files: File[], withFace: boolean): Promise<string> {
    const engine = withFace ? await this.load() : undefined;
    this.list.say("");
    try {
      for (const [place, file] of files.entries()) {
        this.pace.check();
        await this.one(place, file, engine);
      }
    } finally {
      await engine?.release();
    }
    const summary = this.say("summary", { n: this.kept, all: files.length });
    return withFace ? `${summary} ${await this.face()}` : summary;
  }

  /** The runtime and the nets, into memory only. */
  private async load(): Promise<FaceEngine> {
    this.list.say(this.say("loading"));
    const fetched = async (url: string): Promise<ArrayBuffer> => {
      const answer = await fetch(url, { cache: "no-store", credentials: "same-origin" });
      if (answer.redirected) throw new SignedOut();
      if (!answer.ok) throw new Error("not there");
      this.pace.check();
      return answer.arrayBuffer();
    };
    const net = async (word: string): Promise<[Manifest, ArrayBuffer]> => {
      const one = this.plan.nets[word]!;
      return [one.manifest, await fetched(one.url)];
    };
    try {
      const { FaceEngine: Engine, start } = await import("./faces/engine.js");
      start(await fetched(this.plan.wasm), new URL(this.plan.glue, location.href).href);
      return await Engine.load({
        detector: await net("detector"), landmarks: await net("landmarks"), embedder: await net("embedder"),
      });
    } catch (error) {
      if (error instanceof Stopped || error instanceof SignedOut) throw error;
      throw new Refused(this.say("unloaded"));
    }
  }

  private async one(place: number, file: File, engine: FaceEngine | undefined): Promise<void> {
    const progress = (share: number): void =>
      this.list.tell(place, this.say("reading", { percent: Math.round(share * 100) }), "now");
    progress(0);
    try {
      const { decoded, faces, firstOnly } = await make(file, engine, this.pace.breathe, progress);
      this.list.tell(place, this.say("sending"), "now");
      const item = { label: file.name.slice(0, 80), decoded };
      if (faces) this.photos.push({ item, faces });
      const { notes } = await this.send("file", bundle([item]));
      this.kept++;
      this.list.tell(place, [this.say(firstOnly ? "first" : "done"), ...notes].join(". "), "good");
      this.advise(place, faces);
    } catch (error) {
      if (error instanceof Stopped || error instanceof SignedOut) throw error;
      this.list.tell(place, this.why(error), "bad");
    }
  }

  /** What would make a better photo, where no face on this one can be used. */
  private advise(place: number, faces: Face[] | undefined): void {
    const advice = faces && choose(faces).advice;
    if (advice) this.list.add(place, this.say(advice === "no-face" ? advice : `face-${advice}`));
  }

  private why(error: unknown): string {
    if (error instanceof Refused) return error.message;
    if (error instanceof Unreadable) return this.say(error.trouble);
    return this.say(error instanceof TypeError ? "offline" : "failed");
  }

  /** One template of all photos; only the face that is hers leaves, as numbers. What became of it, in words. */
  private async face(): Promise<string> {
    const hers: Item[] = [];
    for (const { item, faces } of this.photos) {
      const { candidates } = choose(faces);
      const face = candidates.length > 1 ? await this.which(item, candidates) : candidates[0];
      this.pace.check();
      if (face) hers.push({ label: item.label, decoded: { ...item.decoded, faces: [face] } });
    }
    // Fewer than this make no template; the server, which looks at whether they agree, asks for as many.
    if (hers.length < LEAST_PHOTOS) return this.say("few");
    this.list.say(this.say("face-sending"));
    try {
      return (await this.send("face", bundle(hers))).notes.join(" ");
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      return this.why(error);
    }
  }

  private which(item: Item, candidates: Face[]): Promise<Face | undefined> {
    const { width, height } = item.decoded.picture;
    return askWhich(this.asking, this.say, item.label, candidates, width / height, this.pace);
  }
}

function setUp(): void {
  const section = document.getElementById("device"), told = document.getElementById("device-plan");
  if (!section || !told) return;
  const plan = JSON.parse(told.textContent ?? "") as Plan;
  const say = words(plan.words);
  const form = find<HTMLFormElement>("device-form"), files = find<HTMLInputElement>("device-files");
  const begin = find<HTMLButtonElement>("device-begin"), stop = find<HTMLButtonElement>("device-stop");
  const face = document.getElementById("device-face") as HTMLInputElement | null;
  const list = new List(find("device-list"), find("device-say"));
  const send = sender(plan.made, find("upload").querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")!.value);
  section.hidden = false;
  if (!("createImageBitmap" in window) || !readsTrue()) {
    form.hidden = true;
    list.say(say("createImageBitmap" in window ? "noise" : "old"));
    return;
  }
  // Open where she used it just now, and is told why it did not work.
  const other = find<HTMLDetailsElement>("upload-way");
  other.open = "used" in other.dataset;
  let work: Work | undefined;
  const busy = (is: boolean): void => {
    for (const one of form.querySelectorAll<HTMLInputElement>("input")) one.disabled = is;
    begin.hidden = is;
    stop.hidden = !is;
  };
  stop.addEventListener("click", () => work?.pace.stop());
  window.addEventListener("pagehide", () => work?.pace.stop());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (work) return;
    const age = form.querySelector<HTMLInputElement>("[name=age]:checked")?.value ?? "unknown";
    // Of a minor nothing is read at all.
    if (age === "minor") return list.say(say("minor"));
    const chosen = Array.from(files.files ?? []);
    if (chosen.length > MOST_FILES) return list.say(say("many", { n: MOST_FILES }));
    list.fill(chosen.map((file) => file.name), say("waiting"));
    work = new Work(plan, say, (part, text) => send(part, text, age), list, find("device-ask"));
    busy(true);
    try {
      list.say(await work.run(chosen, face?.checked ?? false));
    } catch (error) {
      if (error instanceof SignedOut) list.say(say("signed-out"), plan.enter);
      else list.say(error instanceof Stopped ? say("stopped") : error instanceof Refused ? error.message : say("failed"));
    } finally {
      work = undefined;
      busy(false);
      files.value = "";
    }
  });
}

setUp();
