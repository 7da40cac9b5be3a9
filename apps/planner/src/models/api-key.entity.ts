import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../auth/role.js';

/** `planner.api_key`: who may call. The key itself is nowhere, only its SHA-256. */
@Entity({ schema: 'planner', name: 'api_key' })
export class ApiKeyRow {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  role!: Role;

  /** Lower-case hex. */
  @Column('text', { name: 'key_sha256' })
  keySha256!: string;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
