import type { DatabaseVariables, ProjectDatabase, ProjectDefinition } from '#shared/contracts/projects.js';

export type VariableRole = keyof DatabaseVariables;

/** In the order in which people write an address. */
const VARIABLE_ROLES: readonly VariableRole[] = ['name', 'user', 'password', 'host', 'port'];

export interface CheckedVariable {
  readonly database: string;
  readonly variable: string;
  readonly role: VariableRole;
  /** `wrong`: no port, or the name of another database than project.yaml says. */
  readonly state: 'set' | 'missing' | 'empty' | 'wrong';
  /** Why it is wrong; never its value. */
  readonly detail?: string;
}

/** Name, user, password, host and port of every database; what stands in them is never told. */
export function checkVariables(
  { databases }: ProjectDefinition,
  values: Readonly<Record<string, string | undefined>>,
): CheckedVariable[] {
  return databases.flatMap((database) =>
    VARIABLE_ROLES.map((role): CheckedVariable => {
      const variable = database.environment[role];
      return { database: database.alias, variable, role, ...stateOf(role, database, values[variable]) };
    }),
  );
}

function stateOf(
  role: VariableRole,
  { database }: ProjectDatabase,
  value: string | undefined,
): Pick<CheckedVariable, 'state' | 'detail'> {
  if (value === undefined) return { state: 'missing' };
  if (value.trim() === '') return { state: 'empty' };
  if (role === 'port' && !isPort(value)) return { state: 'wrong', detail: 'is no port from 1 to 65535' };
  if (role === 'name' && value !== database)
    return { state: 'wrong', detail: `project.yaml calls the database ${database}` };
  return { state: 'set' };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** A `.env` file to be filled in: what project.yaml knows stands in it, secrets do not. */
export function envTemplate({ name, databases }: ProjectDefinition): string {
  const known = ({ database, roles }: ProjectDatabase): DatabaseVariables => ({
    name: database,
    user: roles.application ?? roles.owner ?? '',
    password: '',
    host: '',
    port: '5432',
  });
  return [
    `# ${name}: where its databases are. Fill in hosts and passwords; keep the file out of version control.`,
    ...databases.flatMap((database) => [
      '',
      `# ${database.alias}: ${database.database} on ${database.server}`,
      ...VARIABLE_ROLES.map((role) => `${database.environment[role]}=${known(database)[role]}`),
    ]),
  ].join('\n');
}
