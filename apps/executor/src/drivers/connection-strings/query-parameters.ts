import { percentDecode, percentEncode, type Part, type Place } from './places.js';

/** How a kind of string names the parts in its query. */
export interface QueryNames {
  readonly parts: Readonly<Record<string, Part>>;
  /** Readers of forms take `+` for a space. */
  readonly plusIsSpace: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly raw: string;
}

/** Parameters of `a=b&c=d` from `start` on; one without `=` has no value to edit. */
export function findParameters(text: string, start: number): Parameter[] {
  const parameters: Parameter[] = [];
  let at = start;
  for (const pair of text.slice(start).split('&')) {
    const equals = pair.indexOf('=');
    if (equals > 0) {
      const begin = at + equals + 1;
      parameters.push({
        name: pair.slice(0, equals),
        start: begin,
        end: at + pair.length,
        raw: pair.slice(equals + 1),
      });
    }
    at += pair.length + 1;
  }
  return parameters;
}

export function placesOf(parameters: readonly Parameter[], names: QueryNames, where: string): Place[] {
  return parameters.flatMap(({ name, start, end, raw }): Place[] => {
    if (!Object.hasOwn(names.parts, name)) return [];
    const part = names.parts[name];
    if (part === undefined) return [];
    const value = percentDecode(names.plusIsSpace ? raw.replaceAll('+', ' ') : raw, where);
    return [{ part, start, end, value, write: percentEncode }];
  });
}
