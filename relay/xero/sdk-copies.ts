/**
 * The very copies of openid-client and axios that xero-node uses: their defaults are what counts,
 * and a second copy would leave it without time limits. In a program that is one file the packager
 * puts the same copies in (deploy/package/bundle.ts).
 */
import { createRequire } from 'node:module';
import type { XeroClient } from 'xero-node';

/** The parts of openid-client 5.7 that we call. */
export interface OpenIdModule {
  Issuer: new (
    metadata: Record<string, string>,
  ) => { Client: new (metadata: Record<string, unknown>) => XeroClient['openIdClient'] };
  custom: { setHttpOptionsDefaults(options: { timeout: number }): void };
}

export interface AxiosModule {
  defaults: {
    timeout?: number;
    maxRedirects?: number;
    maxContentLength?: number;
    paramsSerializer?: { indexes: null };
  };
}

/** Loads both; xero-node is loaded with them. */
export function loadCopies(): { openId: OpenIdModule; axios: AxiosModule } {
  const requireOf = createRequire(createRequire(import.meta.url).resolve('xero-node'));
  return {
    openId: requireOf('openid-client') as OpenIdModule,
    axios: requireOf('axios') as AxiosModule,
  };
}
