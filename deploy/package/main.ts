/**
 * `npm run package [-- --out FOLDER]`: everything that is installed somewhere, made in one folder:
 * both programs as one file each, notices, bills of materials, the agent's .deb, what a container
 * and a Windows service need, and a list of checksums.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { bundleProgram, type ProgramParts } from './bundle.ts';
import { makeDeb } from './deb.ts';
import { npmSbom, sbomOf } from './sbom.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const AGENT: ProgramParts = { name: 'agent', assets: ['agent/status'] };
const RELAY: ProgramParts = { name: 'relay', assets: ['relay/hq'] };

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'out') } } });
await makeAll(values.out);

async function makeAll(out: string): Promise<void> {
  const madeAt = await timeOfSources();
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const all = await npmSbom();
  const made = async (parts: ProgramParts) => {
    const name = `tillbook-${parts.name}`;
    const bundle = await bundleProgram(parts, join(out, `${name}.mjs`));
    const sbom = `${JSON.stringify(sbomOf(all, name, bundle.packages, madeAt), null, 2)}\n`;
    await writeFile(join(out, `${name}.notices.txt`), bundle.notices);
    await writeFile(join(out, `${name}.sbom.json`), sbom);
    return { program: bundle.file, notices: bundle.notices, sbom, madeAt };
  };
  const [agent] = [await made(AGENT), await made(RELAY)];
  await makeDeb(agent, out);
  await copyInto(out, 'deploy/relay', 'relay', 'tillbook-relay.mjs');
  await copyInto(out, 'deploy/windows', 'windows', 'tillbook-agent.mjs');
  await writeFile(join(out, 'SHA256SUMS'), await checksums(out));
  for (const name of await files(out)) console.log(relative(process.cwd(), join(out, name)));
}

/** SOURCE_DATE_EPOCH, or the time of the last commit: the same sources give the same bytes. */
async function timeOfSources(): Promise<number> {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  const { stdout } = await promisify(execFile)('git', ['log', '-1', '--format=%ct'], { cwd: ROOT });
  return Number(stdout);
}

/** A folder that is complete in itself: what is written by hand, with the program. */
async function copyInto(out: string, source: string, to: string, program: string): Promise<void> {
  await cp(join(ROOT, source), join(out, to), { recursive: true });
  await cp(join(out, program), join(out, to, program));
}

async function checksums(out: string): Promise<string> {
  const lines = (await files(out)).map(async name => {
    const digest = createHash('sha256').update(await readFile(join(out, name)));
    return `${digest.digest('hex')}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
}

async function files(out: string): Promise<string[]> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(out, join(entry.parentPath, entry.name)))
    .sort();
}
