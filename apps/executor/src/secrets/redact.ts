import type { JsonValue } from '#shared/contracts/json.js';

export const REDACTED = '[redacted]';

/** Shorter secrets are replaced only where they stand alone: "a" in every word would leave no text. */
const SHORT = 4;
/** A shorter piece of base64 would meet ordinary words. */
const BASE64_PIECE = 8;

/**
 * Knows every secret that was resolved in this process, and cleans text of them in all the forms in which they
 * travel: plain, URL-encoded, base64, and quoted for JSON, SQL, shells and `.env` files.
 * One per process; the logger, failures and events go through it.
 */
export class Redactor {
  private readonly forms = new Set<string>();
  private readonly standalone = new Set<string>();
  private pattern: RegExp | undefined;

  add(secret: string): void {
    if (secret === '') return;
    const before = this.forms.size + this.standalone.size;
    for (const form of secret.length < SHORT ? [] : formsOf(secret)) this.forms.add(form);
    if (secret.length < SHORT) this.standalone.add(secret);
    if (this.forms.size + this.standalone.size !== before) this.pattern = undefined;
  }

  clean(text: string): string {
    if (this.forms.size + this.standalone.size === 0) return text;
    this.pattern ??= toPattern(this.forms, this.standalone);
    return text.replace(this.pattern, REDACTED);
  }

  /** Every string within, keys included; other values as they are. */
  cleanJson<T extends JsonValue | undefined>(value: T): T;
  cleanJson(value: JsonValue | undefined): JsonValue | undefined {
    if (typeof value === 'string') return this.clean(value);
    if (typeof value !== 'object' || value === null) return value;
    if (isArray(value)) return value.map((item) => this.cleanJson(item));
    const cleaned: Record<string, JsonValue | undefined> = {};
    for (const [key, item] of Object.entries(value)) cleaned[this.clean(key)] = this.cleanJson(item);
    return cleaned;
  }
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(Buffer.from(secret, 'utf8').toString('utf8'));
  const strict = encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [encoded, strict, encoded.replaceAll('%20', '+'), strict.replaceAll('%20', '+')];
  const backslashed = secret.replace(/["\\$`]/g, '\\$&');
  return [
    secret,
    ...urls,
    ...urls.map((url) => url.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("'", "''"),
    secret.replaceAll("'", "''").replaceAll('\\', '\\\\'),
    secret.replaceAll("'", String.raw`'\''`),
    backslashed,
    secret.replace(/[\\:]/g, '\\$&'),
    ...base64Forms(Buffer.from(secret, 'utf8')),
  ];
}

/** Within a longer base64 text a secret starts at one of three places in a group; its inner groups stay the same. */
function base64Forms(bytes: Buffer): string[] {
  const pieces = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(from, to);
  });
  const long = pieces.filter((piece) => piece.length >= BASE64_PIECE);
  const whole = bytes.toString('base64');
  return [whole, whole.replace(/=+$/, ''), ...long].flatMap((piece) => [
    piece,
    piece.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}

function toPattern(forms: ReadonlySet<string>, standalone: ReadonlySet<string>): RegExp {
  const byLength = [...forms].sort((a, b) => b.length - a.length).map(escapePattern);
  const alone = [...standalone].map((form) => String.raw`(?<![\p{L}\p{N}])${escapePattern(form)}(?![\p{L}\p{N}])`);
  return new RegExp([...byLength, ...alone].join('|'), 'gu');
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
