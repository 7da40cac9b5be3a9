// A process that owns a server and prints its port: for the test that kills the owner.
import '../typescript-loader.mjs';

const { startNativePostgres } = await import('./native-postgres.ts');
const server = await startNativePostgres({ major: 15, durable: false });
process.stdout.write(`${server.port}\n`);
setInterval(() => undefined, 60_000);
