import { flagAt, listAt, namesIn, nodeAt, textAt, type Tree } from './tree.js';

/** Whole kinds of statements that PostgreSQL refuses inside a transaction block. */
const ALWAYS = new Set(['AlterSystemStmt', 'CreatedbStmt', 'DropdbStmt', 'CreateTableSpaceStmt', 'DropTableSpaceStmt']);

/** Whether PostgreSQL refuses a statement inside a transaction block. */
export function isOutsideTransaction(node: string, body: Tree): boolean {
  if (ALWAYS.has(node)) return true;
  switch (node) {
    case 'IndexStmt':
    case 'DropStmt':
      return flagAt(body, 'concurrent');
    case 'VacuumStmt':
      return flagAt(body, 'is_vacuumcmd');
    case 'ReindexStmt':
      return isWholeReindex(body) || isOn(body, 'params', 'concurrently');
    case 'AlterTableStmt':
      return detachesConcurrently(body);
    case 'ClusterStmt':
      return nodeAt(body, 'relation') === undefined;
    case 'CreateSubscriptionStmt':
      return !isOff(body, 'options', 'create_slot') && !isOff(body, 'options', 'connect');
    case 'AlterSubscriptionStmt':
      return textAt(body, 'kind') === 'ALTER_SUBSCRIPTION_REFRESH';
    case 'DropSubscriptionStmt':
      return true;
    case 'AlterDatabaseStmt':
      return listAt(body, 'options').some((option) => textAt(nodeAt(option, 'DefElem'), 'defname') === 'tablespace');
    default:
      return false;
  }
}

function isWholeReindex(body: Tree): boolean {
  return ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_SYSTEM', 'REINDEX_OBJECT_DATABASE'].includes(
    textAt(body, 'kind') ?? '',
  );
}

function detachesConcurrently(body: Tree): boolean {
  return listAt(body, 'cmds').some((item) => {
    const command = nodeAt(item, 'AlterTableCmd');
    return flagAt(nodeAt(command, 'def', 'PartitionCmd'), 'concurrent');
  });
}

function option(body: Tree, list: string, name: string): Tree | undefined {
  return listAt(body, list)
    .map((item) => nodeAt(item, 'DefElem'))
    .find((element) => textAt(element, 'defname') === name);
}

function isOn(body: Tree, list: string, name: string): boolean {
  return option(body, list, name) !== undefined && !isOff(body, list, name);
}

function isOff(body: Tree, list: string, name: string): boolean {
  const argument = option(body, list, name)?.['arg'];
  const words = [textAt(nodeAt(argument, 'String'), 'sval'), ...namesIn(nodeAt(argument, 'TypeName')?.['names'])];
  if (words.some((word) => word?.toLowerCase() === 'false' || word?.toLowerCase() === 'off')) return true;
  const number = nodeAt(argument, 'Integer');
  return number !== undefined && (number['ival'] ?? 0) === 0;
}
