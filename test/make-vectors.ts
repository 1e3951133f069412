/** `npm run vectors`: writes test/vectors/ anew from the schemas and the examples in test/support. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allVectors } from './support/vectors/all.ts';

const folder = fileURLToPath(new URL('../../test/vectors', import.meta.url));
const files = await allVectors();
await rm(folder, { recursive: true, force: true });
for (const [path, bytes] of files) {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
console.log(`${files.size} files in test/vectors/`);
