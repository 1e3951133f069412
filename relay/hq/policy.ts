/**
 * What a browser may do with our pages: nothing but our own styles, script, pictures and forms.
 * `form-action` names Xero's login too, or the redirect after Submit is blocked.
 */
import type { RequestHandler } from 'express';
import helmet from 'helmet';

export interface PolicyOptions {
  publicUrl: string;
  xeroLoginUrl: string;
}

export function policy({ publicUrl, xeroLoginUrl }: PolicyOptions): RequestHandler {
  const https = publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'script-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'"],
        'form-action': ["'self'", originOf(xeroLoginUrl), originOf(publicUrl)],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // Codes stand in some addresses: they must not travel on.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
  });
}

function originOf(url: string): string {
  return new URL(url).origin;
}
