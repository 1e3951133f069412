/**
 * Passwords: scrypt (RFC 7914) with a salt each, kept as `scrypt$N$r$p$salt$hash`. The cost stands
 * beside the hash, so that a dearer one can come later without locking anybody out.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP Password Storage Cheat Sheet: N=2^17, r=8, p=1 is 128 MiB and about 0.3 s. */
const COST = { N: 2 ** 17, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** A stored cost above this is no cost of ours. */
const COST_MAX = 2 ** 20;
const MEMORY_MAX_BYTES = 2 ** 30;
const STORED = /^scrypt\$(\d{1,8})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,64})\$([\w-]{43})$/;

/** At most so many at once: each takes 128 MiB. */
const AT_ONCE_MAX = 2;
let running = 0;
const waiting: (() => void)[] = [];

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const { N, r, p } = COST;
  const hash = await derive(password, salt, COST);
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** False for a wrong password and for a stored text that is none. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = STORED.exec(stored) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (N === undefined || cost.N > COST_MAX) return false;
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost);
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
}

async function derive(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
  while (running >= AT_ONCE_MAX) await new Promise<void>(go => waiting.push(go));
  running += 1;
  try {
    return await new Promise<Buffer>((done, failed) => {
      // Unicode has several ways to write one character; keyboards differ (RFC 8265).
      const text = password.normalize('NFKC');
      const options = { ...cost, maxmem: MEMORY_MAX_BYTES };
      scrypt(text, salt, HASH_BYTES, options, (error, key) => (error ? failed(error) : done(key)));
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
