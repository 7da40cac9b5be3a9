import type { RehomeClient } from '#client/rehome-client.js';
import type { Page } from '#shared/contracts/answers.js';
import { EXIT } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import type { Screen } from '../rendering/screen.js';
import { tableText } from '../rendering/table.js';
import type { CommandBody } from '../run.js';
import type { Noun } from '../tree/nouns.js';
import { readObject } from './read-request.js';

type Entry = Readonly<Record<string, unknown>>;

export function listOf(noun: Noun): CommandBody<readonly []> {
  return async (run) => {
    const page = await allEntries(await run.client(), noun.collection);
    if (run.json) run.out(JSON.stringify(page));
    else run.out(listText(noun, readable(page.items), run.screen));
    return EXIT.done;
  };
}

export function showOf(noun: Noun): CommandBody<readonly [string]> {
  return async (run, [name]) => {
    const entry = await (await run.client()).entry<Entry>(noun.collection, name);
    if (run.json) run.out(JSON.stringify(entry));
    else
      run.out(
        `${await yamlOf(readable(entry))}\n\nNext:  rehome ${noun.noun} put ${name} --file ${noun.noun}.yaml${run.screen.again}`,
      );
    return EXIT.done;
  };
}

export function putOf(noun: Noun): CommandBody<readonly [string], { readonly file: string }> {
  return async (run, [name], { file }) => {
    const entry = await (await run.client()).put<Entry>(noun.collection, name, await readObject(file));
    if (run.json) run.out(JSON.stringify(entry));
    else
      run.out(
        `${noun.noun} ${name} stands as given; later requests see it\n\nNext:  rehome ${noun.noun} show ${name}${run.screen.again}`,
      );
    return EXIT.done;
  };
}

async function allEntries(client: RehomeClient, collection: string): Promise<Page<Entry>> {
  const items: Entry[] = [];
  let next: string | null = null;
  do {
    const page: Page<Entry> = await client.entries(collection, {
      limit: 500,
      ...(next === null ? {} : { after: next }),
    });
    items.push(...page.items);
    ({ next } = page);
  } while (next !== null);
  return { items, next: null };
}

function listText(
  { noun, nameField, columns, description }: Noun,
  items: readonly Entry[],
  { width, again }: Screen,
): string {
  const [first] = items;
  if (first === undefined)
    return `No ${noun} is registered (${description}).\n\nNext:  rehome ${noun} put NAME --file ${noun}.yaml${again}`;
  const table = tableText(
    items,
    [
      { title: nameField.toUpperCase(), rank: 0, cell: (entry) => cellOf(entry[nameField]) },
      ...columns.map((field, at) => ({
        title: field.toUpperCase(),
        rank: at + 1,
        cell: (entry: Entry) => cellOf(entry[field]),
      })),
    ],
    width,
  );
  return `${table}\n\nNext:  rehome ${noun} show ${cellOf(first[nameField])}${again}`;
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'string') ? value.join(', ') : String(value.length);
  const driver = 'driver' in Object(value) ? (value as Entry)['driver'] : undefined;
  return typeof driver === 'string' ? driver : JSON.stringify(value);
}

async function yamlOf(entry: Entry): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(entry).trimEnd();
}
