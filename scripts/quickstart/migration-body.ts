/** What the quickstart reads of `GET /v1/migrations/{id}`. */
export interface StepBody {
  readonly id: string;
  readonly kind: string;
  readonly title?: string;
  readonly phase: string;
  readonly status: string;
  readonly down?: boolean;
  readonly attempt?: number;
  readonly progress?: { readonly done: number; readonly total: number; readonly unit: string } | null;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly error?: { readonly code: string; readonly detail: string } | null;
}

export interface MigrationBody {
  readonly migrationId: string;
  readonly status: string;
  readonly planHash?: string | null;
  readonly steps: readonly StepBody[];
  readonly downtimeMs: number | null;
  readonly pointOfNoReturnPassed: boolean;
  readonly error?: { readonly code: string; readonly detail: string } | null;
  readonly result?: { readonly certificate?: Certificate } | null;
}

export interface Certificate {
  readonly planHash: string;
  readonly before: Location;
  readonly after: Location;
  readonly verification: {
    readonly tables: number;
    readonly rows: string;
    readonly mismatches: number;
    readonly sequences: number;
    readonly largeObjects: number;
    readonly contentDigest: string;
  };
  readonly downtimeMs: number;
  readonly connections: { readonly old: number; readonly new: number };
  readonly checklist: readonly { readonly item: string; readonly passed: boolean; readonly evidence: string }[];
}

interface Location {
  readonly dbServerId: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

const ENDED = new Set(['completed', 'rolled-back', 'cancelled', 'refused', 'halted']);

export function hasEnded(body: MigrationBody): boolean {
  return ENDED.has(body.status);
}
