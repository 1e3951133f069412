/**
 * Signed vectors with keys that are published here and nowhere used: a store's first two summaries
 * with the relay's receipts, and texts that must not be believed. Ed25519 signatures of the same
 * text are the same bytes, so the files can be made again and compared.
 */
import { digestOf, signingKeyFrom, signJws } from '../../../protocol/signing.ts';
import { signRaw } from '../raw-jws.ts';
import { handMadeSummary } from '../summaries.ts';

/** RFC 8037, appendix A.1. */
const AGENT_JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};
/** RFC 8032, section 7.1, test 2. */
const RELAY_JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs',
  x: 'PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw',
};

const DAY = 'tillbook-day+jws';

/** File name → text. */
export async function signedVectors(): Promise<Record<string, string>> {
  const agent = await signingKeyFrom(AGENT_JWK);
  const relay = await signingKeyFrom(RELAY_JWK);
  const first = handMadeSummary();
  const day1 = await signJws(first, DAY, agent);
  const second = handMadeSummary({
    businessDate: '2026-11-22',
    closedAt: '2026-11-23T00:15:02+08:00',
    number: 2,
    previous: digestOf(day1),
  });
  const day2 = await signJws(second, DAY, agent);
  const receipt = (summary: typeof first, jws: string) =>
    signJws(receiptOf(summary, digestOf(jws)), 'tillbook-receipt+jws', relay);
  const header = { alg: 'Ed25519', kid: agent.kid, typ: DAY };
  const forged = (fields: object) =>
    signRaw({ ...header, ...fields }, JSON.stringify(first), agent);
  const [head, payload, signature] = day1.split('.');
  return {
    'agent-public.jwk.json': pretty(agent.publicJwk),
    'relay-public.jwk.json': pretty(relay.publicJwk),
    'day-1.jws': day1,
    'day-2.jws': day2,
    'receipt-1.jws': await receipt(first, day1),
    'receipt-2.jws': await receipt(second, day2),
    'bad/alg-none.jws': `${forged({ alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
    'bad/alg-hs256.jws': forged({ alg: 'HS256' }),
    'bad/header-jwk.jws': forged({ jwk: agent.publicJwk }),
    'bad/header-crit.jws': forged({ crit: ['exp'], exp: 1 }),
    'bad/wrong-typ.jws': forged({ typ: 'tillbook-receipt+jws' }),
    'bad/foreign-key.jws': await signJws(first, DAY, relay),
    'bad/foreign-signature.jws': await signJws(first, DAY, { ...relay, kid: agent.kid }),
    'bad/one-cent-changed.jws': `${head}.${changed(payload)}.${signature}`,
    'bad/padding.jws': `${day1}=`,
    'bad/key-twice.jws': signRaw(header, '{"version":1,"version":1}', agent),
  };
}

function receiptOf(summary: ReturnType<typeof handMadeSummary>, digest: string): object {
  const { storeId, businessDate, revision, number, closedAt } = summary;
  const told = { storeId, businessDate, revision, number, digest };
  return { version: 1, ...told, verdict: 'accepted', receivedAt: closedAt };
}

function changed(payload = ''): string {
  const text = Buffer.from(payload, 'base64url')
    .toString()
    .replace('"amount":2200', '"amount":2201');
  return Buffer.from(text).toString('base64url');
}

export function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
