import type { SqlStatement } from '../migration-file.js';
import { nodeAt, textAt, type Tree } from './tree.js';

/** Whole kinds of statements about what the databases of a server share, or about other servers. */
const ALWAYS = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  // They also reach the databases and tablespaces of a role.
  'ReassignOwnedStmt',
  'DropOwnedStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'AlterDatabaseStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseRefreshCollStmt',
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterTableSpaceOptionsStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
]);

/** Where a statement says what kind of object it is about. */
const KIND_OF_OBJECT: Readonly<Record<string, string>> = {
  GrantStmt: 'objtype',
  CommentStmt: 'objtype',
  SecLabelStmt: 'objtype',
  RenameStmt: 'renameType',
  AlterOwnerStmt: 'objectType',
};

const SHARED = new Set(['OBJECT_DATABASE', 'OBJECT_ROLE', 'OBJECT_TABLESPACE', 'OBJECT_SUBSCRIPTION']);

/**
 * Whether a statement changes more than the database that it is run in, as far as can be read: of a copy, what it was copied
 * from. Not seen is what a body puts together while it runs, or a function does.
 */
export function reachesBeyondDatabase({ node, tree, body }: SqlStatement): boolean {
  return isBeyond(node, nodeAt(tree, node)) || (body?.statements.some(reachesBeyondDatabase) ?? false);
}

function isBeyond(node: string, own: Tree | undefined): boolean {
  const key = KIND_OF_OBJECT[node];
  return ALWAYS.has(node) || (key !== undefined && SHARED.has(textAt(own, key) ?? ''));
}
