import { isTree, listAt, namesIn, nodeAt, textAt, type Tree } from './tree.js';

/** Whether a statement calls `set_config('role', …)`, which is SET ROLE by another name. */
export function callsSettingRole(tree: Tree): boolean {
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) left.push(...(value as readonly unknown[]));
    else if (isTree(value)) {
      if (isRoleCall(nodeAt(value, 'FuncCall'))) return true;
      left.push(...Object.values(value));
    }
  }
  return false;
}

function isRoleCall(call: Tree | undefined): boolean {
  if (call === undefined || namesIn(call['funcname']).at(-1) !== 'set_config') return false;
  const [setting] = listAt(call, 'args');
  const name = textAt(nodeAt(setting, 'A_Const', 'sval'), 'sval')?.toLowerCase();
  return name === 'role' || name === 'session_authorization';
}
