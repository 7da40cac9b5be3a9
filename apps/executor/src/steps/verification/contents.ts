import type { Content } from '../../postgres/hashing.js';

/** The same question asked of both sides. */
export interface Sides<T> {
  readonly source: T;
  readonly target: T;
}

export type Contents = Sides<Content>;
