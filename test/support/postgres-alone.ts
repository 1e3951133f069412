/** Starts a PostgreSQL for tests, prints its folder, and waits to be killed. */
import { TestPostgres } from './postgres.ts';

const server = await TestPostgres.start();
console.log(server.folder);
