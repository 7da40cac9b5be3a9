/** A noun of the registry, as people type it and as REST calls its collection. */
export interface Noun {
  readonly noun: string;
  readonly collection: string;
  readonly description: string;
  /** Its name in an entry. */
  readonly nameField: string;
  /** Fields of a list, the most important first. */
  readonly columns: readonly string[];
}

export const NOUNS: readonly Noun[] = [
  {
    noun: 'server',
    collection: 'servers',
    description: 'PostgreSQL servers',
    nameField: 'name',
    columns: ['host', 'port', 'adminUser', 'site'],
  },
  {
    noun: 'service',
    collection: 'services',
    description: 'services of tenants: how they are stopped, started and told where their database is',
    nameField: 'name',
    columns: ['control', 'configFiles'],
  },
  {
    noun: 'entitlements',
    collection: 'entitlements',
    description: 'what subscription plans entitle to',
    nameField: 'plan',
    columns: ['dbType', 'cpu', 'memory', 'storage'],
  },
  {
    noun: 'instance',
    collection: 'instances',
    description: 'tenants: where each lives and what it subscribes to',
    nameField: 'instanceId',
    columns: ['plan', 'dbType', 'server', 'database', 'service'],
  },
  {
    noun: 'source',
    collection: 'sources',
    description: 'publishers on Kafka and what they may ask for',
    nameField: 'source',
    columns: ['kinds'],
  },
  {
    noun: 'policy',
    collection: 'policies',
    description: 'which plans wait for an approval',
    nameField: 'name',
    columns: ['approval', 'fourEyes', 'match'],
  },
];
