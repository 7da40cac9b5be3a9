/** Every key of `project.yaml`, by the object that it stands in; docs/reference/projects.md and this list are held together by a test. */
export const PROJECT_KEYS = {
  project: ['name', 'databases', 'router', 'services', 'references', 'checks', 'commands', 'lint'],
  database: [
    'server',
    'database',
    'roles',
    'settings',
    'schemas',
    'expected',
    'critical',
    'required',
    'minimumTables',
    'environment',
  ],
  roles: ['owner', 'application'],
  environment: ['host', 'port', 'name', 'user', 'password'],
  router: ['default', 'apps', 'models', 'rules'],
  rule: ['match', 'to'],
  reference: ['database', 'table', 'column', 'referencedTable', 'referencedColumn'],
  check: ['name', 'category', 'database', 'sql', 'message'],
  command: ['name', 'database', 'argv', 'when', 'runs'],
} as const;
