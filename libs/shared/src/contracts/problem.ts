import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';

/** One thing wrong with a request. */
export class FieldProblem {
  @ApiProperty({
    description: 'JSON pointer (RFC 6901) into the body; `/query/…` and `/path/…` for parameters',
    example: '/toPlan',
  })
  readonly pointer!: string;

  @ApiProperty({ example: 'must be a text of 1 to 100 characters' })
  readonly message!: string;
}

/** RFC 9457 problem details, the body of every answer of 400 and above. */
export class Problem {
  @ApiProperty({ format: 'uri', example: 'urn:rehome:error:SUBJECT_BUSY' })
  readonly type!: string;

  @ApiProperty({ description: 'The same for every occurrence of the code' })
  readonly title!: string;

  @ApiProperty({ example: 409 })
  readonly status!: number;

  @ApiProperty({ description: 'What, where and what to do' })
  readonly detail!: string;

  @ApiProperty({ description: 'Path of the call', example: '/v1/migrations' })
  readonly instance!: string;

  @ApiProperty({ enum: Object.keys(ERROR_CODES), enumName: 'ErrorCode' })
  readonly code!: ErrorCode;

  @ApiPropertyOptional({ description: 'As in the access log and the header X-Request-Id' })
  readonly requestId?: string;

  @ApiPropertyOptional({ type: () => FieldProblem, isArray: true })
  readonly errors?: readonly FieldProblem[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Where to go on: `holder` is the migration that holds a busy subject',
  })
  readonly links?: Readonly<Record<string, string>>;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export interface ProblemOptions {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  /** Differs from the code's own only for failures of HTTP itself, such as 405 or 415. */
  readonly status?: number;
  readonly requestId?: string | undefined;
  readonly errors?: readonly FieldProblem[] | undefined;
  readonly links?: Readonly<Record<string, string>> | undefined;
}

export function problemOf(options: ProblemOptions): Problem {
  const { title, status } = ERROR_CODES[options.code];
  return {
    type: `urn:rehome:error:${options.code}`,
    title,
    status: options.status ?? status,
    detail: options.detail,
    instance: options.instance,
    code: options.code,
    ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
    ...(options.errors === undefined ? {} : { errors: options.errors }),
    ...(options.links === undefined ? {} : { links: options.links }),
  };
}
