// Work in small pieces: the page stays alive for the way out and the stop button.

export class Stopped extends Error {
  constructor() {
    super("stopped");
  }
}

const PIECE_MS = 24;

export class Pace {
  private stopped = false;
  private since = performance.now();

  stop(): void {
    this.stopped = true;
  }

  /** Throws `Stopped` after `stop`. Lets the browser do its own work where the last time is long ago. */
  readonly breathe = async (): Promise<void> => {
    this.check();
    if (performance.now() - this.since < PIECE_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.since = performance.now();
    this.check();
  };

  check(): void {
    if (this.stopped) throw new Stopped();
  }
}
