import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';

/**
 * The real path of a file, all symbolic links resolved, when it lies inside one of the roots; undefined when the file
 * does not exist there. What lies outside is refused whether it exists or not.
 * @throws RehomeError PATH_NOT_ALLOWED
 */
export async function resolveWithinRoots(path: string, roots: readonly string[]): Promise<string | undefined> {
  if (!isAbsolute(path)) throw notAllowed(path, roots, 'it is not absolute');
  const realRoots = await realRootsOf(roots);
  // `..` is resolved by name first: the literal path must not leave the roots either.
  if (!isInside(resolve(path), [...roots.map((root) => resolve(root)), ...realRoots])) throw notAllowed(path, roots);
  const real = await realOrUndefined(path);
  if (real !== undefined) {
    if (!isInside(real, realRoots)) throw notAllowed(path, roots, `it leads to ${real}`);
    return real;
  }
  const parent = await nearestRealParent(resolve(path));
  if (!isInside(parent, realRoots)) throw notAllowed(path, roots, `it leads to ${parent}`);
  return undefined;
}

async function realRootsOf(roots: readonly string[]): Promise<string[]> {
  const found = await Promise.all(roots.map((root) => realOrUndefined(root)));
  return found.filter((root) => root !== undefined);
}

async function nearestRealParent(path: string): Promise<string> {
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    const real = await realOrUndefined(parent);
    if (real !== undefined || parent === dirname(parent)) return real ?? parent;
  }
}

async function realOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}

/** The root itself counts as inside. */
function isInside(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const way = relative(root, path);
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
  });
}

function notAllowed(path: string, roots: readonly string[], why?: string): RehomeError {
  const list = roots.length === 0 ? 'none are configured' : roots.join(', ');
  return new RehomeError(
    'PATH_NOT_ALLOWED',
    `${path} is outside the executor's configured roots (${list})${why === undefined ? '' : `: ${why}`}; move the file or add its directory to the roots`,
    { facts: { path } },
  );
}
