import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** Bytes of `512Mi`, `4Gi`, `20G`; `i` counts by 1024, without it by 1000. */
export function bytesOf(quantity: string): number {
  const [, amount = '', unit = '', binary = ''] = /^(\d+(?:\.\d+)?)\s?([kKMGTP]?)(i?)B?$/.exec(quantity) ?? [];
  if (amount === '') {
    throw new RehomeError('SERVICE_REFUSED', `"${quantity}" is no amount of memory; write it as 512Mi or 4Gi`);
  }
  return Math.round(Number(amount) * (binary === 'i' ? 1024 : 1000) ** UNITS.indexOf(unit.toUpperCase()));
}

function nanoCpusOf(cores: number): number {
  return Math.round(cores * 1e9);
}

/** What the engine can limit; it knows no limit of storage. */
export function limitsOf({ cpu, memory }: ServiceResources): { nanoCpus?: number; memoryBytes?: number } {
  return {
    ...(cpu === undefined ? {} : { nanoCpus: nanoCpusOf(cpu) }),
    ...(memory === undefined ? {} : { memoryBytes: bytesOf(memory) }),
  };
}
