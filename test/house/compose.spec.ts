import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { SettingEntry } from '#shared/configuration/setting-entry.js';
import { SETTINGS } from '#shared/configuration/settings.js';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly volumes?: readonly string[];
  readonly image?: string;
  readonly build?: { readonly target: string };
}

const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const OURS = ['keys', 'set-up', 'planner', 'executor'];

describe('the deployed form', () => {
  it('consists of ledger, Kafka, two jobs and both services', () => {
    expect(Object.keys(services)).toEqual(['keys', 'ledger', 'kafka', 'set-up', 'planner', 'executor']);
  });

  it.each(['planner', 'executor'] as const)(
    'gives the %s settings that it has, and every one that it must have',
    (name) => {
      const settings: readonly SettingEntry[] = Object.values(SETTINGS);
      const own = settings.filter((entry) => (entry.usedBy as readonly string[]).includes(name));
      const known = own.flatMap((entry) => [entry.name, ...(entry.orFile === true ? [`${entry.name}_FILE`] : [])]);
      const given = Object.keys(services[name]?.environment ?? {}).filter((key) => key.startsWith('REHOME_'));
      expect(given.filter((key) => !known.includes(key))).toEqual([]);
      const needed = own.filter(({ default: standard, optional }) => standard === undefined && optional !== true);
      const missing = needed.filter((entry) => !given.includes(entry.name) && !given.includes(`${entry.name}_FILE`));
      expect(missing.map((entry) => entry.name)).toEqual([]);
    },
  );

  it('knows when ledger and Kafka are ready, and leaves our services to what their images say', () => {
    for (const name of ['ledger', 'kafka']) expect(services[name]?.healthcheck?.test.length).toBeGreaterThan(1);
    for (const name of ['planner', 'executor']) expect(services[name]?.healthcheck).toBeUndefined();
  });

  it('holds no password', () => {
    expect(JSON.stringify(services)).not.toMatch(/password:\s*[a-z0-9]|:[a-z0-9]+@/i);
  });

  it.each(OURS)('lets %s write nothing but its volumes, without any privilege', (name) => {
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  it('shows each service its own keys only', () => {
    for (const [name, { volumes = [] }] of Object.entries(services)) {
      if (name === 'keys') continue;
      const keys = volumes.filter((volume) => /^[a-z]+-keys:/.test(volume));
      const own = name === 'set-up' ? 'ledger' : name;
      expect(keys.filter((volume) => volume !== `${own}-keys:/run/keys:ro`)).toEqual([]);
    }
  });

  const compose = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0;
  (compose ? it : it.skip)('is a valid compose file to docker itself (needs docker compose v2)', () => {
    const told = spawnSync('docker', ['compose', 'config', '--quiet'], { encoding: 'utf8' });
    expect({ status: told.status, stderr: told.stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the images', () => {
  const stages = new Map(
    readFileSync('Dockerfile', 'utf8')
      .split(/^(?=FROM )/m)
      .slice(1)
      .map((text) => [/ AS (\S+)/.exec(text)?.[1] ?? '', text]),
  );

  it('are those that compose asks for', () => {
    const asked = OURS.map((name) => services[name]?.image ?? '');
    const built = Object.values(services).flatMap(({ image, build }) =>
      build ? [{ image, target: build.target }] : [],
    );
    expect(asked.filter((image) => !built.some((one) => one.image === image))).toEqual([]);
    expect(built.filter(({ target }) => !stages.has(target))).toEqual([]);
  });

  it.each(['planner', 'executor'])('run the %s without root and say themselves when it is ready', (name) => {
    const stage = stages.get(name) ?? '';
    expect(/^USER (\S+)$/m.exec(stage)?.[1]).toBe('1000:1000');
    expect(stage).toMatch(/^HEALTHCHECK [^]*\/health\/ready/m);
    expect(stage).toContain(`CMD ["node", "dist/apps/${name}/src/main.js"]`);
  });

  it('have `rehome` where entrypoints run it: in that of the executor, with all that it runs in process', () => {
    const stage = stages.get('executor') ?? '';
    for (const part of ['cli', 'planner', 'executor'])
      expect(stage).toContain(`COPY --from=build /app/dist/apps/${part} ./dist/apps/${part}`);
    expect(stage).toMatch(
      /^RUN printf '#!\/bin\/sh\\nexec node \/app\/dist\/apps\/cli\/src\/main\.js .* > \/usr\/local\/bin\/rehome/m,
    );
    const built = /^RUN for project in (.*);\s*do/m.exec(stages.get('build') ?? '')?.[1]?.split(' ');
    expect(built).toEqual(expect.arrayContaining(['client', 'cli']));
  });

  it('install exactly what the lock file says, and nothing for development into what runs', () => {
    const installs = [...stages.values()].flatMap((text) => text.match(/^RUN npm .*$/gm) ?? []);
    expect(installs.every((line) => line.startsWith('RUN npm ci '))).toBe(true);
    expect(stages.get('dependencies')).toContain('--omit=dev');
  });
});
