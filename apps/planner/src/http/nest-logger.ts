import type { LoggerService } from '@nestjs/common';
import { scrubUrls, type Logger } from '#shared/observability/logger.js';

/** Nest's own lines in our log: what it says of its start is only of interest when something goes wrong. */
export function nestLogger(logger: Logger): LoggerService {
  const line = (message: unknown, context: readonly unknown[]): object => ({
    nest: scrubUrls(String(message)),
    context: context.map(String).at(-1),
  });
  return {
    log: (message: unknown, ...context: unknown[]) => {
      logger.debug(line(message, context), 'nest');
    },
    debug: (message: unknown, ...context: unknown[]) => {
      logger.debug(line(message, context), 'nest');
    },
    verbose: (message: unknown, ...context: unknown[]) => {
      logger.trace(line(message, context), 'nest');
    },
    warn: (message: unknown, ...context: unknown[]) => {
      logger.warn(line(message, context), 'nest');
    },
    error: (message: unknown, ...context: unknown[]) => {
      logger.error(line(message, context), 'nest');
    },
    fatal: (message: unknown, ...context: unknown[]) => {
      logger.fatal(line(message, context), 'nest');
    },
  };
}
