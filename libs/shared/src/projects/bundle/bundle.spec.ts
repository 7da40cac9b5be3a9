import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { packProject, unpackProject } from './archive.js';
import { checksumOf, digestOf } from './digest.js';
import { PROJECT_LIMITS } from './project-files.js';
import { readProjectFolder } from './read-folder.js';

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

const FILES = new Map([
  ['project.yaml', 'name: shop\n'],
  ['migrations/shop/0001_ä.up.sql', "select 'ö';\n"],
  ['rollback/emergency.sql', 'select 1;'],
]);

async function tarOf(entries: readonly (readonly [Header, string])[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, text] of entries) archive.entry(header, text);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

describe('the digest of a project', () => {
  const files = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    selector: ([path]) => path,
  });

  it('does not depend on the order in which files are read', () => {
    fc.assert(
      fc.property(files, (entries) => {
        expect(digestOf(new Map(entries))).toBe(digestOf(new Map(entries.toReversed())));
      }),
    );
  });

  it('is another for other files', () => {
    fc.assert(
      fc.property(files, files, (one, other) => {
        const same = JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
        expect(digestOf(new Map(one)) === digestOf(new Map(other))).toBe(same);
      }),
    );
  });

  it('cannot be led to take content for a next file', () => {
    expect(
      digestOf(
        new Map([
          ['a', 'b'],
          ['c', 'd'],
        ]),
      ),
    ).not.toBe(digestOf(new Map([['a', 'bcd']])));
  });

  it('leaves the checksum of a script alone when a checkout changes its line ends', () => {
    expect(checksumOf('a;\r\nb;\r\n')).toBe(checksumOf('a;\nb;\n'));
    expect(checksumOf('a;\nb;')).not.toBe(checksumOf('a; b;'));
  });
});

describe('the archive of a project', () => {
  it('holds the same files after packing and unpacking, and the same bytes each time', async () => {
    const bytes = await packProject(FILES);
    expect(await unpackProject(bytes)).toEqual({ ok: true, files: FILES });
    expect((await packProject(new Map([...FILES].reverse()))).equals(bytes)).toBe(true);
  });

  it('may have one folder around everything, and other things in it', async () => {
    const bytes = await tarOf([
      [{ name: './shop/', type: 'directory' }, ''],
      [{ name: './shop/project.yaml' }, 'name: shop'],
      [{ name: './shop/README.md' }, 'hello'],
      [{ name: './shop/.env' }, 'PASSWORD=x'],
      [{ name: './shop/migrations/.gitkeep' }, ''],
    ]);
    expect(await unpackProject(bytes)).toEqual({ ok: true, files: new Map([['project.yaml', 'name: shop']]) });
  });

  it.each([
    [{ name: '/etc/evil.sql' }, 'leads out of the project'],
    [{ name: '../evil.sql' }, 'leads out of the project'],
    [{ name: 'migrations/../../evil.sql' }, 'leads out of the project'],
    [{ name: 'migrations/a.sql', type: 'symlink', linkname: '/etc/passwd' }, 'is a link'],
    [{ name: 'migrations/a.sql', type: 'link', linkname: 'project.yaml' }, 'is a link'],
  ] satisfies [Header, string][])('is refused with %j', async (header, message) => {
    const bytes = await tarOf([
      [{ name: 'project.yaml' }, 'name: shop'],
      [header, ''],
    ]);
    expect(await unpackProject(bytes)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining(message) }],
    });
  });

  it('is refused when it holds a file twice', async () => {
    const bytes = await tarOf([
      [{ name: 'project.yaml' }, 'a'],
      [{ name: 'project.yaml' }, 'b'],
    ]);
    expect(await unpackProject(bytes)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('twice') }],
    });
  });

  it('is refused before it fills the memory', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect(await unpackProject(bomb)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('unpacks to more') }],
    });
  });

  it('is refused when it is none', async () => {
    expect(await unpackProject(Buffer.from('hello'))).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('no gzip') }],
    });
    expect(await unpackProject(gzipSync('x'.repeat(2000)))).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('no tar') }],
    });
  });

  it('is refused when a file is too large or no text', async () => {
    const bytes = await tarOf([
      [{ name: 'project.yaml' }, 'a\0b'],
      [{ name: 'migrations/a.sql' }, 'x'.repeat(PROJECT_LIMITS.fileBytes + 1)],
    ]);
    expect(await unpackProject(bytes)).toMatchObject({
      ok: false,
      problems: [
        { path: 'project.yaml' },
        { path: 'migrations/a.sql', message: expect.stringContaining('larger than 1024 KiB') },
      ],
    });
  });
});

describe('the folder of a project', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rehome-project-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is read without dotfiles, links and what is not of the project', async () => {
    for (const [path, text] of [
      ...FILES,
      ['README.md', ''],
      ['.git/a.sql', ''],
      ['migrations/.hidden.sql', ''],
    ] as const) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await symlink('/etc/passwd', join(folder, 'migrations/link.sql'));
    expect(await readProjectFolder(folder)).toEqual({ ok: true, files: FILES });
  });

  it('is refused when a file is too large', async () => {
    await writeFile(join(folder, 'dump.sql'), 'x'.repeat(PROJECT_LIMITS.fileBytes + 1));
    expect(await readProjectFolder(folder)).toMatchObject({ ok: false, problems: [{ path: 'dump.sql' }] });
  });
});
