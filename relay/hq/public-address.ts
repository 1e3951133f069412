/**
 * A relay on one's own machine answers to several names, and a cookie belongs to one of them. Xero
 * leads back to the public URL: so a browser that came by another name of this machine is sent there
 * before it signs in. Programs, and names that we do not know, are left alone.
 */
import type { RequestHandler } from 'express';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export function atPublicAddress(publicUrl: string): RequestHandler {
  const { host, hostname, port, origin } = new URL(publicUrl);
  const others = LOOPBACK.has(hostname)
    ? [...LOOPBACK].map(name => (port === '' ? name : `${name}:${port}`))
    : [];
  const aliases = new Set(others.filter(other => other !== host));
  return (req, res, next) => {
    const isBrowser = req.method === 'GET' && req.accepts(['json', 'html']) === 'html';
    if (!isBrowser || !aliases.has(req.headers.host ?? '')) return next();
    res.redirect(302, new URL(req.originalUrl.replace(/^\/+/, '/'), origin).href);
  };
}
