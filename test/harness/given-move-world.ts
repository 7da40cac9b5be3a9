import { afterAll, beforeAll } from '@jest/globals';
import type { StackOptions } from '../../scripts/stack/stack-options.js';
import { MoveWorld } from './move-world.js';

/** One world for all tests of a file; called once, outside of them. */
export function givenMoveWorld(options: Partial<StackOptions> = {}): () => MoveWorld {
  let world: MoveWorld | undefined;
  beforeAll(async () => {
    world = await MoveWorld.start(options);
  }, 120_000);
  afterAll(() => world?.stop(), 60_000);
  return () => {
    if (world === undefined) throw new Error('the world did not start');
    return world;
  };
}
