/** Signs any header over any text with a good key: what a forger who holds one could send. */
import { createPrivateKey, sign } from 'node:crypto';
import type { SigningKey } from '../../protocol/signing.ts';

export function signRaw(header: object, payload: string, key: SigningKey): string {
  const [head, body] = [JSON.stringify(header), payload].map(text =>
    Buffer.from(text).toString('base64url'),
  );
  const signed = `${head}.${body}`;
  const privateKey = createPrivateKey({ key: { ...key.privateJwk }, format: 'jwk' });
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}
