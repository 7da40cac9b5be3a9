import { Controller, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { JsonValue } from '#shared/contracts/json.js';
import { RecordContext } from '#shared/messaging/record-context.js';
import { RpcErrors } from '#shared/messaging/rpc-errors.filter.js';
import { traceparentField, traceparentOf } from '#shared/observability/trace-context.js';
import { signatureIn } from '#shared/signing/command-signature.js';
import type { Arrival } from './arrival.js';
import { CommandIntake } from './command-intake.js';

/** Commands from `rehome.commands.v1`. Only accepts: no step ever runs inside a Kafka handler. */
@Controller()
@UseFilters(RpcErrors)
export class CommandController {
  constructor(private readonly intake: CommandIntake) {}

  @EventPattern<string>('rehome.StepCommanded.v1')
  async accept(@Payload() data: JsonValue, @Ctx() context: RecordContext): Promise<void> {
    await this.intake.accept(arrivalOf(data, context));
  }

  @EventPattern<string>('rehome.StepCancelCommanded.v1')
  async cancel(@Payload() data: JsonValue, @Ctx() context: RecordContext): Promise<void> {
    await this.intake.cancel(arrivalOf(data, context));
  }
}

function arrivalOf(data: JsonValue, { event }: RecordContext): Arrival {
  const { sequence, correlationid, metadata } = event.extensions;
  return {
    commandId: event.id,
    position: /^\d{1,19}$/.test(sequence ?? '') ? BigInt(sequence ?? 0) : 0n,
    correlationId: correlationid ?? event.id,
    ...traceparentField(traceparentOf(event.extensions['traceparent'])),
    data,
    signature: signatureIn(parsed(metadata)),
  };
}

/** What is no JSON carries no signature. */
function parsed(text: string | undefined): JsonValue {
  try {
    return JSON.parse(text ?? 'null') as JsonValue;
  } catch {
    return null;
  }
}
