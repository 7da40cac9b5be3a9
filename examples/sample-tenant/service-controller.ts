import { parseArgs } from 'node:util';
import { ControlledApplication, type ControlFaults } from './controlled-application.js';
import { listenJson, type JsonAnswer, type JsonRequest } from './json-server.js';
import { endWithParent, printLine, untilToldToEnd } from './ready-line.js';

/**
 * Starts and stops applications over HTTP, as the `http` service driver asks (contracts.md, "HTTP call-outs"):
 * `POST /services/<name>/stop|start`, `GET …/status`, `PUT …/environment|resources`, `GET …/logs?since=`.
 * For tests besides: `PUT /services/<name>` `{config}` adds one, `GET …/history|environment|resources`,
 * `PUT …/faults` `{stop, start: "ignore" | "refuse", unavailable: n}`.
 *
 *     node service-controller.js --port 0 --application odoo-acme=/path/odoo.conf --start
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    application: { type: 'string', multiple: true, default: [] },
    /** Starts every application at once. */
    start: { type: 'boolean', default: false },
    /** Starts an application again after an end that nobody asked for. */
    'restart-delay-ms': { type: 'string' },
    'end-with-parent': { type: 'boolean' },
  },
});

const restartDelayMs = values['restart-delay-ms'] === undefined ? undefined : Number(values['restart-delay-ms']);
const applications = new Map<string, ControlledApplication>();

for (const pair of values.application) {
  // A database may be called `a=b`; a path begins with a slash.
  const at = pair.indexOf('=/');
  if (at < 1) throw new Error(`--application takes name=/path/of/config, not "${pair}"`);
  add(pair.slice(0, at), pair.slice(at + 1));
}

function add(name: string, config: string): void {
  applications.set(name, new ControlledApplication(config, restartDelayMs));
}

async function handle(request: JsonRequest): Promise<JsonAnswer> {
  const [root, name = '', verb = ''] = request.path;
  if (root !== 'services') return { status: 404 };
  if (name === '') return { status: 200, body: { services: [...applications.keys()] } };
  if (verb === '' && request.method === 'PUT') return register(name, request.body);
  const application = applications.get(name);
  if (!application) return { status: 404, body: { error: `no service ${name}` } };
  const call = `${request.method} ${verb}`;
  if (call === 'PUT faults') {
    application.faults = request.body as ControlFaults;
    return { status: 200 };
  }
  if ((application.faults.unavailable ?? 0) > 0) {
    application.faults = { ...application.faults, unavailable: (application.faults.unavailable ?? 0) - 1 };
    return { status: 503 };
  }
  return control(application, call, request);
}

async function control(
  application: ControlledApplication,
  call: string,
  { body, query }: JsonRequest,
): Promise<JsonAnswer> {
  switch (call) {
    case 'POST stop':
      return obey(application.faults.stop, () => application.stop());
    case 'POST start':
      return obey(application.faults.start, () => application.start());
    case 'GET status':
      return { status: 200, body: await application.status() };
    case 'PUT environment':
      application.environment = { ...application.environment, ...(body as Record<string, string>) };
      return { status: 200 };
    case 'PUT resources':
      application.resources = body as Record<string, unknown>;
      return { status: 200 };
    case 'GET environment':
      return { status: 200, body: application.environment };
    case 'GET resources':
      return { status: 200, body: application.resources };
    case 'GET history':
      return { status: 200, body: { history: application.history } };
    case 'GET logs':
      return { status: 200, body: application.log(Date.parse(query.get('since') ?? '') || 0) };
    default:
      return { status: 404 };
  }
}

function obey(fault: 'ignore' | 'refuse' | undefined, act: () => void): JsonAnswer {
  if (fault === 'refuse') return { status: 409 };
  if (fault === undefined) act();
  return { status: 202 };
}

function register(name: string, body: unknown): JsonAnswer {
  if (applications.has(name)) return { status: 409 };
  if (typeof body !== 'object' || body === null || !('config' in body) || typeof body.config !== 'string')
    return { status: 400 };
  add(name, body.config);
  return { status: 201 };
}

if (values['end-with-parent']) endWithParent();
const told = untilToldToEnd();
const server = await listenJson(Number(values.port), handle);
if (values.start) for (const application of applications.values()) application.start();
printLine({ ready: true, pid: process.pid, port: server.port, url: `http://127.0.0.1:${String(server.port)}` });
await told;
await Promise.all(
  [...applications.values()].map(async (application) => {
    application.stop();
    await application.ended();
  }),
);
await server.close();
process.exit(0);
