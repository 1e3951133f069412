/**
 * Styles, script and icon of the pages. Their addresses carry a version made of their bytes, so
 * that a browser may keep them for a year and still gets new ones at once.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';

const FOLDER = join(import.meta.dirname, 'assets');

let version: string | undefined;

/** Twelve characters that change with any asset. Read once. */
export function assetsVersion(): string {
  version ??= computeVersion();
  return version;
}

export function assets(): express.RequestHandler {
  return express.static(FOLDER, { index: false, immutable: true, maxAge: '1y', redirect: false });
}

function computeVersion(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(FOLDER).sort()) hash.update(readFileSync(join(FOLDER, name)));
  return hash.digest('base64url').slice(0, 12);
}
