import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import pg from 'pg';
import { endWithParent, printLine, untilToldToEnd } from '../examples/sample-tenant/ready-line.js';

/** The least that an accepted request can cost: parse, insert, answer 202. Nothing is checked, nobody is authorised. */
const pool = new pg.Pool({ connectionString: process.argv[2] ?? '', max: 10 });
await pool.query('create table request (id bigserial primary key, at timestamptz default now(), body json)');

const server = Fastify();
server.post('/requests', async (request, reply) => {
  const { rows } = await pool.query<{ id: string }>('insert into request (body) values ($1) returning id', [
    JSON.stringify(request.body),
  ]);
  return reply.code(202).send({ id: rows[0]?.id });
});
await server.listen({ host: '127.0.0.1', port: 0 });

printLine({ url: `http://127.0.0.1:${String((server.server.address() as AddressInfo).port)}` });
endWithParent();
await untilToldToEnd();
await server.close();
await pool.end();
process.exit(0);
