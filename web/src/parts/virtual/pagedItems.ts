export interface Page<T> {
  items: readonly T[];
  nextCursor: string | null;
}

interface Held<T> {
  items: readonly T[];
  loadedAt: number;
  usedAt: number;
}

/**
 * A long list that is loaded page by page where one looks. Pages follow each other by cursors, so the first visit of a far place loads those before
 * it, one after another. Pages that were not looked at for long are dropped, and loaded again by their cursor; so are old ones, whose addresses of
 * images have expired.
 */
export class PagedItems<T> {
  /** What is shown when the list is opened again. */
  scrollTop = 0;
  private readonly cursors: (string | null)[] = [null];
  /** Index of the first item of each page whose cursor is known. */
  private readonly starts: number[] = [0];
  private readonly pages = new Map<number, Held<T>>();
  private readonly loading = new Set<number>();
  private readonly listeners = new Set<() => void>();
  private wanted: [from: number, to: number] = [0, 0];
  private ended = false;
  private uses = 0;
  private stamp = 0;
  private failure: unknown = null;

  /** @param keep Pages held at most. */
  constructor(
    private loadPage: (cursor: string | null) => Promise<Page<T>>,
    private readonly keep = 40,
    private readonly maxAgeMs = 45 * 60_000,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes a newer callback, which loads the same list. */
  use(loadPage: (cursor: string | null) => Promise<Page<T>>): void {
    this.loadPage = loadPage;
  }

  /** Changes whenever something else is to be shown. */
  readonly version = (): number => this.stamp;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get error(): unknown {
    return this.failure;
  }

  /** How many items there are; null until the last page was seen. */
  get count(): number | null {
    return this.ended ? this.starts.at(-1)! : null;
  }

  /** How many items have been seen so far. */
  get seen(): number {
    return this.starts.at(-1)!;
  }

  get(index: number): T | undefined {
    const page = this.pageOf(index);
    const held = this.pages.get(page);
    return held?.items[index - this.starts[page]!];
  }

  /** Says which items are looked at, and loads what is missing of them. */
  want(from: number, to: number): void {
    this.wanted = [from, Math.max(from + 1, to)];
    this.loadMissing();
  }

  /** Tries again after a failure. */
  retry(): void {
    this.failure = null;
    this.changed();
    this.loadMissing();
  }

  private pageOf(index: number): number {
    let page = 0;
    let high = this.starts.length;
    while (high - page > 1) {
      const middle = (page + high) >> 1;
      if (this.starts[middle]! <= index) page = middle;
      else high = middle;
    }
    return page;
  }

  private loadMissing(): void {
    if (this.failure !== null) return;
    const [from, to] = this.wanted;
    const last = this.cursors.length - 1;
    for (let page = this.pageOf(from); page <= last; page++) {
      if (this.starts[page]! >= to && page < last) break;
      const held = this.pages.get(page);
      const isLoaded = held !== undefined && this.now() - held.loadedAt < this.maxAgeMs;
      if (held) held.usedAt = ++this.uses;
      // Of the pages that were never seen only the next one can be loaded, and none is once the end was seen.
      if (isLoaded || this.loading.has(page) || (page === last && (this.ended || this.starts[page]! >= to))) continue;
      void this.load(page);
    }
  }

  private async load(page: number): Promise<void> {
    this.loading.add(page);
    try {
      const { items, nextCursor } = await this.loadPage(this.cursors[page]!);
      this.pages.set(page, { items, loadedAt: this.now(), usedAt: ++this.uses });
      if (page === this.cursors.length - 1 && !this.ended) {
        this.cursors.push(nextCursor);
        this.starts.push(this.starts[page]! + items.length);
        this.ended = nextCursor === null;
      }
      this.dropOldest();
    } catch (error) {
      this.failure = error;
    } finally {
      this.loading.delete(page);
    }
    this.changed();
    this.loadMissing();
  }

  private dropOldest(): void {
    while (this.pages.size > this.keep) {
      const [oldest] = [...this.pages].reduce((a, b) => (a[1].usedAt < b[1].usedAt ? a : b));
      this.pages.delete(oldest);
    }
  }

  private changed(): void {
    this.stamp++;
    for (const listener of this.listeners) listener();
  }
}
