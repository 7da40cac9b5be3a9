import type { ProjectDefinition, RouterRule } from '../contracts/projects.js';

/** Where a table lives, and why. */
export interface TableRoute {
  /** Alias of the database. */
  readonly database: string;
  /** `maker`: by no name of its own, but a migration of that database makes it: a partition. */
  readonly because: 'rule' | 'app' | 'maker' | 'default';
  /** Of `rule`. */
  readonly rule?: RouterRule;
  /** Whose migrations make the table, or whose model it is. */
  readonly app?: string;
}

/** App whose migrations make a table, by `relationKey`. */
export type TableMakers = ReadonlyMap<string, string>;

/** One name for `orders` and `public.orders`, which is the schema that nobody writes. */
export function relationKey(table: string): string {
  return table.startsWith('public.') ? table.slice('public.'.length) : table;
}

/**
 * Where a table lives: by the rule with the longest literal prefix that matches it or a model that stands for it, else by
 * the app whose migrations make it, else on the default.
 */
export function routeOf(definition: ProjectDefinition, table: string, makers: TableMakers): TableRoute {
  const { router } = definition;
  const key = relationKey(table);
  const names = namesOf(definition, key);
  const rule = longest(router.rules.filter(({ match }) => names.some((name) => matches(match, name))));
  const app = makers.get(key) ?? appByName(definition, key);
  const told = app === undefined ? {} : { app };
  if (rule !== undefined) return { database: rule.to, because: 'rule', rule, ...told };
  const home = app === undefined ? undefined : aliasOfApp(definition, app);
  if (home !== undefined) return { database: home, because: 'app', ...told };
  return { database: router.default, because: 'default', ...told };
}

/** Alias of the database of an app; undefined when the router does not name it. */
export function aliasOfApp({ router }: ProjectDefinition, app: string): string | undefined {
  // An app may be called `constructor`.
  return Object.hasOwn(router.apps, app) ? router.apps[app] : undefined;
}

/** Table that a model is called by; undefined when the router does not name it. */
export function tableOfModel({ router }: ProjectDefinition, model: string): string | undefined {
  return Object.hasOwn(router.models, model) ? router.models[model] : undefined;
}

/** Every alias that the router names: none of them may be forgotten. */
export function routedAliases({ router }: ProjectDefinition): string[] {
  return [...new Set([router.default, ...Object.values(router.apps), ...router.rules.map(({ to }) => to)])];
}

/** What a rule may call a table: its own name with and without `public`, and the models that stand for it. */
function namesOf({ router }: ProjectDefinition, key: string): string[] {
  const standing = Object.entries(router.models).flatMap(([model, table]) =>
    relationKey(table) === key ? [model] : [],
  );
  if (key.includes('.')) return [key, ...standing];
  // `simulation_energy_use` may be `simulation.energy_use` or `simulation_energy.use`.
  const byConvention = [...key.matchAll(/(?<=.)_(?=.)/g)]
    .map(({ index }) => `${key.slice(0, index)}.${key.slice(index + 1)}`)
    .filter((model) => !Object.hasOwn(router.models, model));
  return [key, `public.${key}`, ...standing, ...byConvention];
}

/** App of a table that no migration makes: by its model, else by the longest name of an app that it begins with. */
function appByName({ router }: ProjectDefinition, key: string): string | undefined {
  const model = Object.keys(router.models).find((name) => relationKey(router.models[name] ?? '') === key);
  if (model !== undefined) return model.split('.')[0];
  const [app] = Object.keys(router.apps)
    .filter((name) => key.startsWith(`${name}_`))
    .sort((one, other) => other.length - one.length);
  return app;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Of equally long ones an exact rule, then the first. */
function longest(rules: readonly RouterRule[]): RouterRule | undefined {
  const [first] = [...rules].sort((one, other) => {
    const byLength = literal(other).length - literal(one).length;
    return byLength === 0 ? Number(one.match.endsWith('*')) - Number(other.match.endsWith('*')) : byLength;
  });
  return first;
}

function literal({ match }: RouterRule): string {
  return match.endsWith('*') ? match.slice(0, -1) : match;
}
