import { parseDocument, type Scalar } from 'yaml';

/** How a value stands in a YAML file. */
export type ScalarStyle = 'plain' | 'single' | 'double';

export function styleOf({ type }: Scalar): ScalarStyle | undefined {
  switch (type) {
    case 'PLAIN':
    case undefined:
      return 'plain';
    case 'QUOTE_SINGLE':
      return 'single';
    case 'QUOTE_DOUBLE':
      return 'double';
    default:
      return undefined;
  }
}

/** Quoted as it was; a plain value stays plain while every reader takes it for what it was, a text or a number. */
export function writeScalar(value: string, style: ScalarStyle, wasNumber: boolean): string {
  if (style === 'plain' && (isPlainText(value) || (wasNumber && /^[1-9]\d*$/.test(value)))) return value;
  if (style !== 'double' && !hasUnprintable(value)) return `'${value.replaceAll("'", "''")}'`;
  const escaped = JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeUnit);
  return escaped;
}

/** No character that YAML, or a collection in brackets, could take for its own. */
const SAFE = /^[\w/.](?:[\w./:@%+?&=~-]*[\w./@%+?&=~-])?$/;

function isPlainText(value: string): boolean {
  if (!SAFE.test(value)) return false;
  // `yes`, `012` and `1:30` are texts to YAML 1.2 and something else to the 1.1 of SnakeYAML and PyYAML.
  return (['1.1', '1.2'] as const).every((version) => parseDocument(value, { version }).toJS() === value);
}

function hasUnprintable(value: string): boolean {
  return /[^\t -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(value);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
