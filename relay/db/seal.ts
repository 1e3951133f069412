/**
 * Secrets in the database: AES-256-GCM under one key that lives in a file of its own. The identity
 * of the row is associated data: a ciphertext that is moved to another row does not open there.
 * While the key is being changed the file has two: the first seals, both open.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, stat } from 'node:fs/promises';
import { AppError } from '../../protocol/errors.ts';
import { readTextIfAny, writeFileDurably } from '../../protocol/host/durable-file.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

export interface Seal {
  /** @param identity the row that holds the text, e.g. `connections/<id>/tokens` */
  seal(plain: string, identity: string): string;
  /** @throws AppError `sealed-wrong-key` for another key, row or text */
  open(sealed: string, identity: string): string;
  /** A key for one other purpose (sessions, …), the same over restarts; base64url of 32 bytes. */
  derive(purpose: string): string;
}

/** @param keys of 32 bytes: the first seals and derives, all of them open */
export function createSeal(key: Buffer, ...older: Buffer[]): Seal {
  return {
    seal: (plain, identity) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(identity));
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      const sealed = Buffer.concat([iv, text, cipher.getAuthTag()]);
      return `${VERSION}.${sealed.toString('base64url')}`;
    },
    open: (sealed, identity) => {
      for (const other of older) {
        const plain = openWith(other, sealed, identity);
        if (plain.ok) return plain.text;
      }
      const plain = openWith(key, sealed, identity);
      if (plain.ok) return plain.text;
      throw new AppError('sealed-wrong-key', `the secret of ${identity} does not open`, {
        hint: 'put back the key file that belongs to this database (RELAY_SECRET_KEY_FILE)',
        cause: plain.cause,
      });
    },
    derive: purpose =>
      Buffer.from(hkdfSync('sha256', key, '', `tillbook ${purpose}`, KEY_BYTES)).toString(
        'base64url',
      ),
  };
}

type Opened = { ok: true; text: string } | { ok: false; cause: unknown };

function openWith(key: Buffer, sealed: string, identity: string): Opened {
  try {
    const [version, body = ''] = sealed.split('.');
    if (version !== VERSION) throw new Error(`version ${version}`);
    const bytes = Buffer.from(body, 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(identity));
    cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = cipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    return { ok: true, text: Buffer.concat([text, cipher.final()]).toString('utf8') };
  } catch (cause) {
    return { ok: false, cause };
  }
}

export interface KeyFile {
  key: Buffer;
  /** The key before, while it is being changed (see reseal.ts). */
  older: Buffer[];
  /** Others than its owner may read the file. */
  open: boolean;
}

/** The key, and the one before it. */
const LINES_MAX = 2;

/**
 * Reads the key, 64 hexadecimal digits (the one before may stand on a second line); on the very
 * first start it is made, for its owner only.
 * @param mayMake false when a database exists already, which a new key could not open
 * @throws AppError `sealed-wrong-key` when there is no usable key
 */
export async function readKeyFile(path: string, mayMake: boolean): Promise<KeyFile> {
  let text = await readTextIfAny(path);
  if (text === undefined) {
    if (!mayMake) {
      throw new AppError('sealed-wrong-key', `${path} is missing, but the database is sealed`, {
        hint: 'put the key file back from its backup, or name it in RELAY_SECRET_KEY_FILE',
      });
    }
    await writeKeyFile(path, [makeKey()]);
    text = (await readTextIfAny(path)) ?? '';
  }
  const lines = text.trim().split(/\s*\n\s*/);
  if (lines.length > LINES_MAX || !lines.every(line => /^[0-9a-f]{64}$/i.test(line))) {
    throw new AppError('sealed-wrong-key', `${path} holds no key (64 hexadecimal digits)`, {
      hint: 'put the right file back; a new key is: openssl rand -hex 32',
    });
  }
  const { mode } = await stat(path);
  const [key = Buffer.alloc(0), ...older] = lines.map(line => Buffer.from(line, 'hex'));
  return { key, older, open: (mode & 0o077) !== 0 };
}

export function makeKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Replaces the file, for its owner only; on disk when this resolves. */
export async function writeKeyFile(path: string, keys: readonly Buffer[]): Promise<void> {
  const text = keys.map(key => `${key.toString('hex')}\n`).join('');
  await writeFileDurably(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}
