import type { FieldProblem } from '#shared/contracts/problem.js';
import type { ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { RequestRefused } from '../../http/request-refused.js';
import type { RegistryEntries } from '../../registry/registry-entries.js';

interface Problem extends FieldProblem {
  readonly code: ErrorCode;
}

/** Gathers what speaks against a request, so that all of it is told at once. */
export class Objections {
  private readonly problems: Problem[] = [];

  constructor(private readonly entries: RegistryEntries) {}

  add(code: ErrorCode, pointer: string, message: string): void {
    this.problems.push({ code, pointer, message });
  }

  server(name: string, pointer: string): ServerDefinition | undefined {
    const entry = this.entries.server.get(name);
    if (entry === undefined)
      this.add('SERVER_UNKNOWN', pointer, `server "${name}" is not registered; PUT /v1/servers/{name} registers it`);
    return entry?.definition;
  }

  service(name: string, pointer: string): ServiceDefinition | undefined {
    const entry = this.entries.service.get(name);
    if (entry === undefined)
      this.add('SERVICE_UNKNOWN', pointer, `service "${name}" is not registered; PUT /v1/services/{name} registers it`);
    return entry?.definition;
  }

  /** @throws RequestRefused with the code of the first. */
  throwIfAny(): void {
    const [first] = this.problems;
    if (first === undefined) return;
    throw this.refusal(first.code);
  }

  refusal(code: ErrorCode): RequestRefused {
    const errors = this.problems.map(({ pointer, message }) => ({ pointer, message }));
    return new RequestRefused(code, errors.map(({ message }) => message).join('; '), { errors });
  }
}

/** For one reason that no field is to blame for. */
export function refuse(code: ErrorCode, detail: string, links?: Readonly<Record<string, string>>): RequestRefused {
  return new RequestRefused(code, detail, links === undefined ? {} : { links });
}
