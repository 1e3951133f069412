/** The baseline of the intake bench: aedes as it is, which stores nothing. Prints its address. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker();
const server = createServer(broker.handle);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  console.log(JSON.stringify({ event: 'listening', mqtt: `mqtt://127.0.0.1:${port}` }));
});
