import { describe, expect, it } from '@jest/globals';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

/** A column gets another name while both releases of an application work: what a rename would break. */
const FIRST: ProjectSources = {
  'project.yaml': projectYaml('shop', 'lint: error\n'),
  'migrations/main/v001_users.up.sql':
    'create table users (id bigint generated always as identity primary key, name text not null);\n',
};
const EXPANDED: ProjectSources = {
  ...FIRST,
  'migrations/main/v002_full_name.up.sql': `-- requires: v001
-- phase: expand
alter table users add column full_name text;
alter table users alter column name drop not null;
create function keep_names_alike() returns trigger language plpgsql as $$
begin
  new.full_name := coalesce(new.full_name, new.name);
  new.name := coalesce(new.name, new.full_name);
  return new;
end
$$;
create trigger names_alike before insert or update on users for each row execute function keep_names_alike();
update users set full_name = name where full_name is null;
`,
};
const CONTRACT = {
  'migrations/main/v003_drop_name.up.sql': `-- requires: v002
-- phase: contract
drop trigger names_alike on users;
drop function keep_names_alike();
alter table users drop column name;
`,
};
const CONTRACTED: ProjectSources = { ...EXPANDED, ...CONTRACT };

/** What each release asks. */
const OLD = {
  write: (name: string) => `insert into users (name) values ('${name}')`,
  read: 'select name from users order by id',
};
const NEW = {
  write: (name: string) => `insert into users (full_name) values ('${name}')`,
  read: 'select full_name as name from users order by id',
};

const { rig, database, apply } = givenProjectDatabase();

/** As the application. */
async function ask(text: string): Promise<string[]> {
  const client = await rig().client(database().address.database);
  try {
    await client.query(`set role ${database().application}`);
    const { rows } = await client.query<{ name: string }>(text);
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

describe('a change in two phases', () => {
  it('serves the release of before and the one of after between them, and only that of after at the end [d31]', async () => {
    await apply(FIRST);
    await ask(OLD.write('Ada'));

    await apply(EXPANDED);
    await ask(OLD.write('Grace'));
    await ask(NEW.write('Edith'));
    const all = ['Ada', 'Grace', 'Edith'];
    expect([await ask(OLD.read), await ask(NEW.read)]).toEqual([all, all]);

    await apply(CONTRACTED);
    await ask(NEW.write('Joan'));
    expect(await ask(NEW.read)).toEqual([...all, 'Joan']);
    await expect(ask(OLD.read)).rejects.toMatchObject({ code: '42703' });
  });
});
