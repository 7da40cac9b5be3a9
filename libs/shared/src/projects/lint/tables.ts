import type { Node, RangeVar } from 'libpg-query';
import type { SqlStatement } from '../migration-file.js';
import { namesOf, nodeAs, statementAs } from './nodes.js';

/** A table as a script writes it; without a schema it may stand in any. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

export function tableOf(relation: RangeVar | undefined): TableName[] {
  if (relation?.relname === undefined) return [];
  return [tableName(relation.relname, relation.schemaname)];
}

/** `orders`, `audit.events`. */
export function tableNamed(text: string): TableName {
  const parts = text.split('.');
  return tableName(parts.at(-1) ?? text, parts.at(-2));
}

/** What `DROP` names: for a trigger or a policy the table that it stands on. */
export function droppedTables(statement: SqlStatement): TableName[] {
  const drop = statementAs(statement, 'DropStmt');
  if (drop === undefined) return [];
  const onTable = ['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'].includes(drop.removeType ?? '');
  return (drop.objects ?? []).flatMap((object) => {
    const names = namesOf(nodeAs(object, 'List')?.items);
    return tableFromParts(onTable ? names.slice(0, -1) : names);
  });
}

function tableFromParts(parts: readonly string[]): TableName[] {
  const name = parts.at(-1);
  return name === undefined ? [] : [tableName(name, parts.at(-2))];
}

/** Tables, views and materialised views that a statement makes. */
export function createdTables(statement: SqlStatement): TableName[] {
  const create = statementAs(statement, 'CreateStmt') ?? statementAs(statement, 'CreateForeignTableStmt')?.base;
  if (create !== undefined) return tableOf(create.relation);
  const as = statementAs(statement, 'CreateTableAsStmt');
  if (as !== undefined) return tableOf(as.into?.rel);
  const view = statementAs(statement, 'ViewStmt');
  if (view !== undefined && view.replace !== true) return tableOf(view.view);
  return tableOf(statementAs(statement, 'SelectStmt')?.intoClause?.rel);
}

export function relationsIn(nodes: readonly Node[] | undefined): TableName[] {
  return (nodes ?? []).flatMap((node) => tableOf(nodeAs(node, 'RangeVar') ?? nodeAs(node, 'VacuumRelation')?.relation));
}

export function sameTable(one: TableName, other: TableName): boolean {
  if (one.name !== other.name) return false;
  return one.schema === undefined || other.schema === undefined || one.schema === other.schema;
}

export function isAmong(table: TableName, tables: readonly TableName[]): boolean {
  return tables.some((other) => sameTable(table, other));
}

function tableName(name: string, schema?: string): TableName {
  return schema === undefined || schema === '' ? { name } : { schema, name };
}
