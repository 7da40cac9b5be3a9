import { v5, validate } from 'uuid';

/** UUID version 5 (RFC 9562): the same namespace and name give the same id for ever. */
export function uuidV5(namespace: string, name: string): string {
  return v5(name, namespace);
}

/** Namespace of ids that Rehome derives itself. */
export const REHOME_NAMESPACE = '6f1d1c52-5a4e-5c61-9a37-3f0f3f1c9c5b';

export function isUuid(text: string): boolean {
  return validate(text);
}

/** Id of the migration that a CloudEvent asks for: the same message is the same migration, however often it comes. */
export function migrationIdOfRequest(source: string, id: string): string {
  return uuidV5(uuidV5(REHOME_NAMESPACE, source), id);
}
