/** The shop's own certificate: whatever its serial number, programs that read X.509 strictly take it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { makeCertificate } from '../../../agent/broker/certificate.ts';

const NOW_MS = Date.parse('2026-11-22T00:00:00Z');

for (const [serial, read] of [
  ['0102030405060708090a0b0c0d0e0f10', '0102030405060708090A0B0C0D0E0F10'],
  ['ff02030405060708090a0b0c0d0e0f10', 'FF02030405060708090A0B0C0D0E0F10'],
  ['0002030405060708090a0b0c0d0e0f10', '02030405060708090A0B0C0D0E0F10'],
  ['00ff030405060708090a0b0c0d0e0f10', 'FF030405060708090A0B0C0D0E0F10'],
  ['0000000000000000000000000000007f', '7F'],
] as const) {
  test(`a certificate with the serial number ${serial} can be read`, () => {
    const names = ['localhost', '127.0.0.1', '::1', 'fe80::1%eth0'];
    const { cert } = makeCertificate(names, NOW_MS, Buffer.from(serial, 'hex'));
    const certificate = new X509Certificate(cert);
    assert.equal(certificate.serialNumber, read);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.checkHost('localhost'), 'localhost');
  });
}
