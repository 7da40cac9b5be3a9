/** argv that runs a program and ends it when we die, also when we are killed. Without util-linux (macOS) the program as it is. */
export function endWithParent(
  signal: 'TERM' | 'QUIT' | 'KILL',
  program: string,
  args: readonly string[],
): [string, ...string[]] {
  return process.platform === 'linux' ? ['setpriv', `--pdeathsig=${signal}`, program, ...args] : [program, ...args];
}
