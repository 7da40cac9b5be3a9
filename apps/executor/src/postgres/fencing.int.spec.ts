import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { until } from '../../../../test/harness/messaging-test-kit.js';
import { addressOf, inSession, NEVER, open, run } from '../../../../test/harness/moved-database.js';
import type { RunningPostgres } from '../../../../test/harness/servers/running-server.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { clientToolsMajor } from '../../../../test/harness/servers/client-tools.js';
import { captureDatabase, fenceDatabase, fenceState, liftFence } from './fencing.js';
import type { Session, SessionAddress } from './session.js';

const OWNER = 'Ten"ant ü';
const PASSWORD = `it's a 'secret' : \\`;

describe('a fenced database', () => {
  let server: RunningPostgres;
  let admin: SessionAddress;
  let database: SessionAddress;
  let asOwner: SessionAddress;

  beforeAll(async () => {
    // Roles and connection limits are of the whole server: it gets one of its own.
    server = await startPostgres({
      major: clientToolsMajor(),
      durable: false,
      settings: { max_prepared_transactions: '5', wal_level: 'logical' },
    });
    admin = addressOf(server.adminUrl);
    const literal = PASSWORD.replaceAll("'", "''");
    for (const role of [OWNER, 'member', 'friend', 'neighbour']) {
      await run(admin, `create role ${quoteIdentifier(role)} login password '${literal}'`);
    }
    await run(admin, `create role managed login createdb password '${literal}'`);
    await run(admin, `grant ${quoteIdentifier(OWNER)} to member`);
    await run(admin, 'create database "next door" owner neighbour');
  }, 60_000);

  beforeEach(async () => {
    const name = `fence me ${randomBytes(4).toString('hex')}`;
    await run(admin, `create database ${quoteIdentifier(name)} owner ${quoteIdentifier(OWNER)}`);
    database = { ...admin, database: name };
    asOwner = { ...database, user: OWNER, password: PASSWORD };
    await run(
      database,
      `create table public.written (at int); alter table public.written owner to ${quoteIdentifier(OWNER)}`,
    );
  });

  afterAll(() => server.stop());

  test('lets neither owner nor member nor friend in, by real attempts, and ends those inside', async () => {
    const inside = await open(asOwner);
    const logins = [OWNER, 'member', 'friend'].map((user) => ({ ...database, user, password: PASSWORD }));
    const fenced = await inSession(database, async (session) =>
      fenceDatabase(session, await captureDatabase(session), { signal: NEVER, logins }),
    );
    await expect(inside.query('insert into public.written values (1)')).rejects.toThrow();
    expect(fenced.method).toBe('ownership-and-limit');
    expect(fenced.terminatedSessions).toBe(1);
    expect(fenced.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    for (const { user } of logins) {
      expect(fenced.refused).toContainEqual({ role: user, evidence: 'a real login was refused with 53300' });
    }
    expect(fenced.refused[0]?.role).toBe(OWNER);
    expect(fenced.refused.map(({ role }) => role)).not.toContain('postgres');
  });

  test('cannot be opened by its owner from another database', async () => {
    await fenceNow();
    const elsewhere = { ...admin, database: 'postgres', user: OWNER, password: PASSWORD };
    const name = quoteIdentifier(database.database);
    await expect(run(elsewhere, `alter database ${name} connection limit -1`)).rejects.toMatchObject({ code: '42501' });
    // PostgreSQL only warns that nothing was granted.
    await run(elsewhere, `grant connect on database ${name} to public`);
    await expect(open(asOwner)).rejects.toMatchObject({ sqlState: '53300' });
  });

  test('holds against sessions that are starting up while it closes', async () => {
    const captured = await inSession(database, captureDatabase);
    const stop = new AbortController();
    const writers = Array.from({ length: 6 }, () => writeUntil(stop.signal));
    await until(async () => Number(await inSession(database, countRows)) > 0);
    const before = await inSession(database, async (session) => {
      await fenceDatabase(session, captured, { signal: NEVER });
      return countRows(session);
    });
    stop.abort();
    await Promise.all(writers);
    expect(await inSession(database, countRows)).toBe(before);
  });

  test('is no news to a neighbour on the same server', async () => {
    const neighbour = await open({ ...admin, database: 'next door', user: 'neighbour', password: PASSWORD });
    const before = await rolesAndNeighbours();
    await fenceNow();
    await neighbour.query('create temporary table still_works (at int)');
    await neighbour.end();
    expect(await rolesAndNeighbours()).toEqual(before);
  });

  test('is fenced again without change, by an attempt that died in the middle as well', async () => {
    const captured = await inSession(database, captureDatabase);
    expect(await inSession(database, (session) => fenceState(session, captured))).toBe('open');
    await run(admin, `alter database ${quoteIdentifier(database.database)} owner to postgres`);
    expect(await inSession(database, (session) => fenceState(session, captured))).toBe('partial');
    for (let time = 1; time <= 2; time++) {
      await inSession(database, (session) => fenceDatabase(session, captured, { signal: NEVER }));
      expect(await inSession(database, (session) => fenceState(session, captured))).toBe('fenced');
    }
  });

  test.each([
    { what: 'no grants at all', grants: '' },
    {
      what: 'grants to some',
      grants:
        'revoke all on database {db} from public; grant connect, create on database {db} to friend with grant option',
    },
    {
      what: 'grants that were passed on',
      grants:
        'grant connect on database {db} to friend with grant option; set role friend; grant connect on database {db} to member; reset role',
    },
    {
      what: 'grants to the administrator',
      grants: 'grant create on database {db} to postgres; revoke connect on database {db} from public',
    },
  ])('is lifted to exactly what was captured: $what', async ({ grants }) => {
    const name = quoteIdentifier(database.database);
    for (const statement of grants.split('; ').filter((text) => text !== '')) {
      await run(admin, statement.startsWith('set role') ? 'select 1' : grantAs(statement, name));
    }
    await run(admin, `alter database ${name} connection limit 17`);
    const [captured, again] = await inSession(database, async (session) => {
      const before = await captureDatabase(session);
      await fenceDatabase(session, before, { signal: NEVER });
      await liftFence(session, before);
      await liftFence(session, before);
      expect(await fenceState(session, before)).toBe('open');
      return [before, await captureDatabase(session)];
    });
    expect(again).toEqual(captured);
    await run(asOwner, 'insert into public.written values (2)');
  });

  test('is not believed while a prepared transaction waits to be committed', async () => {
    await run(asOwner, `begin; insert into public.written values (1); prepare transaction 'half way'`);
    await expect(fenceNow()).rejects.toMatchObject({ code: 'FENCE_NOT_PROVEN', facts: { prepared: ['half way'] } });
    await run(database, `rollback prepared 'half way'`);
    await fenceNow();
  });

  test('is not believed while a backend that is starting up holds its lock on the database', async () => {
    await fenceNow();
    // A comment takes the lock that a starting backend takes, and holds it until its transaction ends.
    const holder = await open(admin);
    await holder.query(`begin; comment on database ${quoteIdentifier(database.database)} is 'held'`);
    await expect(fenceNow(200)).rejects.toMatchObject({
      code: 'FENCE_NOT_PROVEN',
      facts: { sessions: [], starting: 1 },
    });
    await holder.query('rollback');
    await holder.end();
    await fenceNow();
  });

  test('holds without a superuser: the right to connect is taken from everybody else', async () => {
    await run(admin, `grant ${quoteIdentifier(OWNER)}, pg_signal_backend to managed`);
    const managed = { ...database, user: 'managed', password: PASSWORD };
    const inside = await open({ ...database, user: 'friend', password: PASSWORD });
    const logins = [OWNER, 'friend'].map((user) => ({ ...database, user, password: PASSWORD }));
    await inSession(managed, async (session) => {
      const captured = await captureDatabase(session);
      const fenced = await fenceDatabase(session, captured, { signal: NEVER, logins });
      expect(fenced.method).toBe('revoke-per-grantor');
      expect(fenced.refused).toContainEqual({ role: OWNER, evidence: 'a real login was refused with 42501' });
      expect(fenced.refused).toContainEqual({ role: 'neighbour', evidence: 'has_database_privilege(connect) = false' });
      await expect(inside.query('select 1')).rejects.toThrow();
      await liftFence(session, captured);
      expect(await fenceState(session, captured)).toBe('open');
    });
    await run(asOwner, 'insert into public.written values (3)');
    await run(admin, `revoke ${quoteIdentifier(OWNER)}, pg_signal_backend from managed`);
  });

  test('switches subscriptions off and on again', async () => {
    await run(
      database,
      `create subscription "sub ü" connection 'host=127.0.0.1 port=1' publication p with (connect = false)`,
    );
    await run(database, `alter subscription "sub ü" enable`).catch(() => undefined);
    await run(database, `alter subscription "sub ü" set (slot_name = 'none_there'); alter subscription "sub ü" enable`);
    const enabled = async (): Promise<boolean> => {
      const { rows } = await run(database, `select subenabled as enabled from pg_subscription where subname = 'sub ü'`);
      return (rows[0] as { enabled: boolean }).enabled;
    };
    const captured = await inSession(database, captureDatabase);
    expect(captured.enabledSubscriptions).toEqual(['sub ü']);
    await inSession(database, (session) => fenceDatabase(session, captured, { signal: NEVER }));
    expect(await enabled()).toBe(false);
    await inSession(database, (session) => liftFence(session, captured));
    expect(await enabled()).toBe(true);
    await run(database, `alter subscription "sub ü" disable`);
    await run(database, `alter subscription "sub ü" set (slot_name = none)`);
    await run(database, `drop subscription "sub ü"`);
  });

  async function fenceNow(timeoutMs = 5_000) {
    return inSession(database, async (session) =>
      fenceDatabase(session, await captureDatabase(session), { signal: NEVER, timeoutMs }),
    );
  }

  function grantAs(statement: string, name: string): string {
    const text = statement.replaceAll('{db}', name);
    return text.endsWith('to member') ? `set role friend; ${text}; reset role` : text;
  }

  /** Connects, writes, and again: one of its connections is always just starting up. */
  async function writeUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await run(asOwner, 'insert into public.written values (9)').catch(() => undefined);
    }
  }

  async function countRows(session: Session): Promise<string> {
    const { rows } = await session.query<{ count: string }>('select count(*)::text as count from public.written');
    return rows[0]?.count ?? '';
  }

  async function rolesAndNeighbours(): Promise<unknown[]> {
    const { rows }: { rows: unknown[] } = await run(
      admin,
      `select to_jsonb(r) - 'rolpassword' as entry from pg_roles r
       union all select to_jsonb(d) from pg_database d where datname in ('next door', 'postgres', 'template1')
       order by 1`,
    );
    return rows;
  }
});
