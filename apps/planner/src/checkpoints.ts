import { once } from 'node:events';
import { createPublicKey } from 'node:crypto';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { readCheckpoint, signCheckpoint, writeCheckpoint, type Checkpoint } from '#shared/ledger/checkpoint.js';
import { refuseLostTail } from '#shared/ledger/known-tail.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import type { LedgerParts } from './ledger-parts.js';
import type { CheckpointConfig } from './planner.config.js';

const LONGEST_BACK_OFF_MS = 5_000;

/**
 * Writes down outside the database where the ledger stands, and compares before: one that was restored without its newest
 * events, or rewritten, is found out also without Kafka. Each planner keeps a file of its own.
 */
export class Checkpoints {
  private readonly stopping = new AbortController();
  private readonly compared = new EventTarget();
  private life: Promise<void> | undefined;
  /** Nothing is written over a checkpoint that the ledger was not compared with, or that it contradicts. */
  private trusted = false;

  constructor(
    private readonly parts: LedgerParts,
    private readonly config: CheckpointConfig,
  ) {}

  start(): void {
    this.life ??= this.live();
  }

  /** Resolves when the ledger stands where the last checkpoint says, or nobody waits any longer. */
  async agreed(signal: AbortSignal): Promise<void> {
    await once(this.compared, 'agreed', { signal }).catch(() => undefined);
  }

  /** Leaves a last checkpoint. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.life;
    if (this.trusted) await this.renew().catch((error: unknown) => this.complain(error));
  }

  private async live(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.renew();
        failures = 0;
        await pauseFor(this.config.intervalMs, signal);
      } catch (error) {
        failures += 1;
        if (this.complain(error) === 'broken') return;
        await pauseFor(backOffMs(failures, 100, LONGEST_BACK_OFF_MS), signal);
      }
    }
  }

  private async renew(): Promise<void> {
    const { file, key } = this.config;
    const last = await readCheckpoint(file, createPublicKey(key));
    if (last !== undefined) await this.compare(last);
    this.trusted = true;
    this.compared.dispatchEvent(new Event('agreed'));
    const head = await this.parts.reader.head();
    if (last?.position !== String(head.position)) await writeCheckpoint(file, signCheckpoint(head, key, new Date()));
  }

  private compare({ ledgerId, position, hash }: Checkpoint): Promise<void> {
    const { reader, pools } = this.parts;
    return refuseLostTail(reader, pools.reads, { source: `checkpoint ${this.config.file}`, ledgerId, position, hash });
  }

  private complain(error: unknown): 'broken' | 'waits' {
    const { logger } = this.parts;
    const failure = toRehomeError(error);
    if (failure.code !== 'LEDGER_BROKEN') {
      logger.warn({ err: failure }, 'checkpoint waits');
      return 'waits';
    }
    this.trusted = false;
    logger.fatal({ err: failure }, 'the ledger contradicts its checkpoint; nothing is decided');
    return 'broken';
  }
}
