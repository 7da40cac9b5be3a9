import type { Session } from '../../postgres/session.js';

/** Names as the server writes them in definitions: quoted where it must be. */
export async function quotedNames(session: Session, names: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select quote_ident(name) as name from unnest($1::text[]) with ordinality as given (name, position) order by position`,
    [names],
  );
  return rows.map(({ name }) => name);
}
