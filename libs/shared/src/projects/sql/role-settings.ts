import { isTree, listAt, namesIn, nodeAt, textAt, type Tree } from './tree.js';

/** Whether a statement holds SET ROLE: `set_config('role', …)`, or a function that is made with `set role = …`. */
export function setsRole(tree: Tree): boolean {
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) left.push(...(value as readonly unknown[]));
    else if (isTree(value)) {
      if (isRoleCall(nodeAt(value, 'FuncCall')) || isRole(textAt(nodeAt(value, 'VariableSetStmt'), 'name')))
        return true;
      left.push(...Object.values(value));
    }
  }
  return false;
}

function isRoleCall(call: Tree | undefined): boolean {
  if (call === undefined || namesIn(call['funcname']).at(-1) !== 'set_config') return false;
  const [setting] = listAt(call, 'args');
  return isRole(textAt(nodeAt(setting, 'A_Const', 'sval'), 'sval')?.toLowerCase());
}

/** Of a setting. */
export function isRole(name: string | undefined): boolean {
  return name === 'role' || name === 'session_authorization';
}
