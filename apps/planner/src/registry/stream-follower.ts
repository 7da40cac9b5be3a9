import type { LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { JoinedRuns } from '../joined-runs.js';

const PAGE = 500;

/** Keeps something in memory up to date with every stream of a prefix: what is new is folded in when it is asked for. */
export class StreamFollower {
  private position: Position = toPosition(0);
  private readonly runs = new JoinedRuns(() => this.catchUp());

  constructor(
    private readonly reader: LedgerReader,
    private readonly prefix: string,
    private readonly apply: (event: LedgerEvent) => void,
  ) {}

  /** Everything that stood in the ledger when it was called is folded in. */
  refresh(): Promise<void> {
    return this.runs.run();
  }

  private async catchUp(): Promise<void> {
    // The head is read first and bounds every page: a page without events still says how far it looked.
    const { position: until } = await this.reader.head();
    let after = this.position;
    for (;;) {
      const events = await this.reader.read({ after, until, limit: PAGE, streamPrefix: this.prefix });
      for (const event of events) this.apply(event);
      const last = events.at(-1);
      if (events.length < PAGE || last === undefined) break;
      after = toPosition(last.position);
    }
    this.position = until;
  }
}
