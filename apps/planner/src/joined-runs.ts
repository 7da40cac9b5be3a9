/**
 * Work that many ask for at once and that tells the same to all: one run at a time. Who asks while one is under way joins
 * the run after it, for the one under way may have looked before the caller's own change.
 */
export class JoinedRuns<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly work: () => Promise<T>) {}

  run(): Promise<T> {
    if (this.running === undefined) {
      this.running = this.work().finally(() => (this.running = undefined));
      return this.running;
    }
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.run();
      });
    return this.next;
  }

  /** Nobody waits for it. */
  get idle(): boolean {
    return this.running === undefined && this.next === undefined;
  }
}
