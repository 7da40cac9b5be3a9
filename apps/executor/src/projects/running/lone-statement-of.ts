import type { SqlStatement } from '#shared/projects/migration-file.js';
import { flagAt, listAt, namesIn, nodeAt, textAt } from '#shared/projects/sql/tree.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import type { Session } from '../../postgres/session.js';
import { detachPartition } from './detach-partition.js';
import { indexBuild, reindex } from './index-build.js';
import type { Interrupted, LoneStatement } from './lone-statement.js';

/** How to tell what an interrupted statement did; `unknown` where nothing would tell. @param admin of the same database */
export function loneStatement(statement: SqlStatement, admin: Session): LoneStatement {
  const body = nodeAt(statement.tree, statement.node) ?? {};
  switch (statement.node) {
    case 'IndexStmt': {
      const name = textAt(body, 'idxname');
      return indexBuild(admin, relationOf(nodeAt(body, 'relation')), name);
    }
    case 'ReindexStmt':
      return reindex(admin);
    case 'DropStmt':
      return dropIndex(
        listAt(body, 'objects').map((object) => qualified(namesIn(object))),
        flagAt(body, 'missing_ok'),
      );
    case 'VacuumStmt':
    case 'ClusterStmt':
      return answering('repeat');
    case 'AlterTableStmt': {
      const [command] = listAt(body, 'cmds').map((item) => nodeAt(item, 'AlterTableCmd'));
      const partition = nodeAt(command, 'def', 'PartitionCmd', 'name');
      return textAt(command, 'subtype') === 'AT_DetachPartition'
        ? detachPartition(relationOf(nodeAt(body, 'relation')), relationOf(partition))
        : answering('unknown');
    }
    default:
      return answering('unknown');
  }
}

/** `drop index concurrently` marks the index invalid first; dropping it again ends what was begun. */
function dropIndex(names: readonly string[], missingOk: boolean): LoneStatement {
  return {
    ...answering('repeat'),
    patient: true,
    judge: async (session) => {
      const { rows } = await session.query<{ left: number }>(
        `select count(to_regclass(name))::int as left from unnest($1::text[]) as dropped (name)`,
        [names],
      );
      return rows[0]?.left === 0 && !missingOk ? 'done' : 'repeat';
    },
  };
}

function answering(state: Interrupted): LoneStatement {
  return {
    look: () => Promise.resolve(null),
    judge: () => Promise.resolve(state),
    clean: () => Promise.resolve(),
    patient: false,
  };
}

function relationOf(relation: unknown): string {
  return qualified([textAt(relation, 'schemaname'), textAt(relation, 'relname')].flatMap((name) => name ?? []));
}

function qualified(names: readonly string[]): string {
  return names.map(quoteIdentifier).join('.');
}
