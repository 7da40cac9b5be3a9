import type { PipeTransform } from '@nestjs/common';
import { toMigrationId, type MigrationId } from '#shared/contracts/ids.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

/** A path's id. What is no UUID names no migration, so it is 404 like any unknown one. */
export const migrationIdPipe: PipeTransform<string, MigrationId> = {
  transform(text) {
    try {
      return toMigrationId(text);
    } catch {
      throw new RehomeError('NOT_FOUND', `there is no migration "${text.slice(0, 100)}"`);
    }
  },
};
