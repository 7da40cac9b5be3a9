import { toPosition, type Position } from '#shared/contracts/ids.js';
import { instanceStream } from '#shared/contracts/streams.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { foldInstance, type InstanceState } from './instance-state.js';
import { applyEvent, noEntries, type RegistryEntries } from './registry-entries.js';

const PAGE = 500;
const PREFIX = 'registry-';

/**
 * The registry as the ledger tells it, no projection in between: the few `registry-*` streams are folded in
 * memory and brought up to date before each answer, a tenant's stream is read when it is asked for.
 */
export class Registry {
  private readonly entries = noEntries();
  private position: Position = toPosition(0);
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly reader: LedgerReader) {}

  /** Every definition as it stands now. */
  async current(): Promise<RegistryEntries> {
    await this.refresh();
    return this.entries;
  }

  instance(instanceId: string): Promise<InstanceState | undefined> {
    return this.reader.readStream(instanceStream(instanceId)).then(foldInstance);
  }

  /** A refresh that began before the caller's own append may miss it: such a caller joins the one after. */
  private refresh(): Promise<void> {
    if (this.running === undefined) {
      this.running = this.catchUp().finally(() => (this.running = undefined));
      return this.running;
    }
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.refresh();
      });
    return this.next;
  }

  private async catchUp(): Promise<void> {
    // The head is read first and bounds every page: a page without events still says how far it looked.
    const { position: until } = await this.reader.head();
    let after = this.position;
    for (;;) {
      const events = await this.reader.read({ after, until, limit: PAGE, streamPrefix: PREFIX });
      for (const event of events) applyEvent(this.entries, event);
      const last = events.at(-1);
      if (events.length < PAGE || last === undefined) break;
      after = toPosition(last.position);
    }
    this.position = until;
  }
}
