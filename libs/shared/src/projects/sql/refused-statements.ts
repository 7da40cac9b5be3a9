import type { SqlStatement } from '../migration-file.js';
import { isRole, setsRole } from './role-settings.js';
import { flagAt, nodeAt, textAt, type Tree } from './tree.js';

/** Why a migration may not hold a statement, with what to do instead; undefined when it may. */
export function refusalOf({ node, tree, text, body }: SqlStatement): string | undefined {
  const own = refusedNode(node, nodeAt(tree, node) ?? {});
  if (own !== undefined || body === undefined) return own;
  const inside = body.statements.map(refusalOf).find((reason) => reason !== undefined);
  return inside ?? (body.hidden && ROLE_IN_TEXT.test(text) ? ROLE : undefined);
}

function refusedNode(node: string, body: Tree): string | undefined {
  switch (node) {
    case 'TransactionStmt':
      return 'controls the transaction, which Rehome does: leave it out; `-- transaction: off` in the header runs each statement by itself';
    case 'VariableSetStmt':
      return isRole(textAt(body, 'name')) ? ROLE : undefined;
    case 'DiscardStmt':
      return textAt(body, 'target') === 'DISCARD_ALL' || textAt(body, 'target') === undefined ? ROLE : undefined;
    case 'CopyStmt':
      return refusedCopy(body);
    default:
      return setsRole(body) ? ROLE : undefined;
  }
}

const ROLE = 'changes the role, which Rehome sets: everything runs as the owner that project.yaml names; leave it out';

/** Of a body that cannot be read whole this finds what is written plainly, rights keep the rest in check. */
const ROLE_IN_TEXT = /\b(?:set\s+(?:local\s+|session\s+)?role|reset\s+role|session\s+authorization)\b/i;

function refusedCopy(body: Tree): string | undefined {
  if (flagAt(body, 'is_program')) return 'runs a program on the database server; a migration may not';
  if (textAt(body, 'filename') !== undefined)
    return 'reads or writes a file of the database server; load data by INSERT, or by a command of the project';
  const direction = flagAt(body, 'is_from') ? 'from a client' : 'to a client';
  return `copies ${direction}, and there is none; write INSERT statements, or load data by a command of the project`;
}

/** What the parser stumbled over, for people who are used to psql. */
export function syntaxHint(text: string, offset: number): string {
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;/i.test(text.slice(0, offset)))
    return '; COPY … FROM STDIN needs a client that sends rows: write INSERT statements instead';
  if (text.charAt(offset) === '\\')
    return '; commands of psql that begin with \\ are no SQL: name databases in project.yaml, write each script in full';
  if (/^:["'{]?[a-z_]/i.test(text.slice(offset, offset + 3)))
    return '; variables of psql are no SQL: write the value itself';
  return '';
}
