/**
 * The shop's own TLS certificate, made on first use: self-signed, P-256, for the machine's names and
 * addresses. Node can read certificates but not make them, so the few DER structures of RFC 5280 it
 * takes are written here; nothing of it depends on input from outside.
 */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

const DAY_MS = 86_400_000;
/** Tills pin it; it is renewed by deleting the files. */
const VALID_DAYS = 3650;

const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  subjectAltName: '0603551d11',
  basicConstraints: '0603551d13',
} as const;

export interface Certificate {
  /** PEM. */
  cert: string;
  /** PEM, PKCS #8. */
  key: string;
}

/**
 * @param names DNS names and IP addresses that tills may connect to
 * @param serial any bytes, read as one positive number
 */
export function makeCertificate(
  names: readonly string[],
  nowMs: number,
  serial: Buffer = randomBytes(16),
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(Buffer.from(OID.ecdsaWithSha256, 'hex'));
  const name = sequence(
    set(sequence(Buffer.from(OID.commonName, 'hex'), tagged(0x0c, Buffer.from('Tillbook agent')))),
  );
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    name,
    sequence(time(nowMs - DAY_MS), time(nowMs + VALID_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(authority(), alternativeNames(names))),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    cert: pemOf(der),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Tills are given this certificate as the authority they trust, so it must say that it is one. */
function authority(): Buffer {
  const isAuthority = sequence(tagged(0x01, Buffer.from([0xff])));
  const critical = tagged(0x01, Buffer.from([0xff]));
  return sequence(Buffer.from(OID.basicConstraints, 'hex'), critical, tagged(0x04, isAuthority));
}

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map(name => {
    if (isIPv4(name)) return tagged(0x87, Buffer.from(name.split('.').map(Number)));
    if (isIPv6(name)) return tagged(0x87, bytesOfIpv6(name));
    return tagged(0x82, Buffer.from(name));
  });
  return sequence(Buffer.from(OID.subjectAltName, 'hex'), tagged(0x04, sequence(...entries)));
}

function bytesOfIpv6(address: string): Buffer {
  const plain = address.replace(/%.*$/, '');
  const [left = '', right] = plain.split('::');
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'));
  const head = groupsOf(left);
  const tail = right === undefined ? [] : groupsOf(right);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...(right === undefined ? [] : zeros), ...tail];
  return Buffer.concat(groups.map(group => Buffer.from(group.padStart(4, '0'), 'hex')));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
function time(instantMs: number): Buffer {
  const digits = new Date(instantMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const late = Number(digits.slice(0, 4)) >= 2050;
  return tagged(late ? 0x18 : 0x17, Buffer.from(`${late ? digits : digits.slice(2)}Z`));
}

/** A positive INTEGER in as few bytes as hold it: DER takes no others (X.690 section 8.3.2). */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex(byte => byte !== 0);
  const digits = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, isNegative ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
