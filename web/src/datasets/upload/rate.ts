/** How fast things go, over the last seconds. */
export class Rate {
  private readonly samples: { at: number; bytes: number; files: number }[] = [];

  constructor(private readonly windowMs = 10_000) {}

  /** Notes how much is done in total. */
  note(at: number, bytes: number, files: number): void {
    const last = this.samples.at(-1);
    if (last && at - last.at < 250 && this.samples.length > 1) this.samples[this.samples.length - 1] = { at: last.at, bytes, files };
    else this.samples.push({ at, bytes, files });
    while (this.samples.length > 2 && this.samples[0]!.at < at - this.windowMs) this.samples.shift();
  }

  /** Per second; zero while nothing is known. */
  perSecond(): { bytes: number; files: number } {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    if (!first || !last || seconds <= 0) return { bytes: 0, files: 0 };
    return { bytes: Math.max(0, last.bytes - first.bytes) / seconds, files: Math.max(0, last.files - first.files) / seconds };
  }

  /** After a pause the time before it does not count. */
  clear(): void {
    this.samples.length = 0;
  }
}

/** Seconds for the rest; null while that is not known. Of many small files their number decides, of few large ones their bytes. */
export function secondsLeft(rate: { bytes: number; files: number }, bytes: number, files: number): number | null {
  if (files <= 0) return 0;
  if (rate.bytes <= 0 && rate.files <= 0) return null;
  return Math.max(rate.bytes > 0 ? bytes / rate.bytes : 0, rate.files > 0 ? files / rate.files : 0);
}
