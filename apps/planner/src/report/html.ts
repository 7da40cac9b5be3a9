/** Text that is safe to stand in a page. Only `html` makes it. */
export class Html {
  constructor(readonly text: string) {}
}

export type Fragment = string | number | Html | readonly Html[];

/** Every value is escaped but what `html` made itself: texts come from databases and files of others. */
export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  const text = parts.reduce((before, part, at) => before + safe(values[at - 1] ?? '') + part);
  return new Html(text);
}

function safe(value: Fragment): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(({ text }) => text).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
