/**
 * Styles, script and icon of the pages. Their addresses carry a version made of their bytes, so
 * that a browser may keep them for a year and still gets new ones at once.
 */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { RequestHandler } from 'express';
import { shippedAssets } from '../../protocol/host/shipped.ts';

const ALLOWED = ['GET', 'HEAD'];

const files = shippedAssets('relay/hq');
let version: string | undefined;

/** Twelve characters that change with any asset. */
export function assetsVersion(): string {
  version ??= computeVersion();
  return version;
}

export function assets(): RequestHandler {
  return (request, response, next) => {
    const content = files.get(request.path.slice(1));
    if (content === undefined || !ALLOWED.includes(request.method)) return next();
    response.set('cache-control', 'public, max-age=31536000, immutable');
    response.type(extname(request.path)).send(content);
  };
}

function computeVersion(): string {
  const hash = createHash('sha256');
  for (const content of files.values()) hash.update(content);
  return hash.digest('base64url').slice(0, 12);
}
