/**
 * Turns what the OAuth client throws (OPError, RPError, AxiosError, network errors) into our errors,
 * with the sentence HQ needs. The code words are those of RFC 6749 §4.1.2.1 and §5.2.
 */
import { AppError, messageOf } from '../../protocol/errors.ts';
import { unavailable } from './failures.ts';

/** @param during what was being done: the same code word means different things */
export function oauthError(error: unknown, during: 'consent' | 'refresh' | 'revoke'): AppError {
  if (error instanceof AppError) return error;
  const { error: word, error_description: text } = (error ?? {}) as Record<string, unknown>;
  if (typeof word !== 'string') return unavailable(messageOf(error));
  return ofWord(word, typeof text === 'string' ? text : '', during);
}

function ofWord(word: string, text: string, during: string): AppError {
  const said = text === '' ? word : `${word}: ${text}`;
  switch (word) {
    case 'access_denied':
      return new AppError('not-allowed', 'Access was not allowed at Xero', {
        hint: 'press Submit again and choose Allow access; you need to be a Standard user or adviser',
      });
    case 'invalid_client':
      return settings(`Xero does not know this Client ID and Client Secret (${said})`, {
        hint: 'copy both again from the app’s Configuration page at developer.xero.com; a new secret must be generated if the old one is not at hand',
        path: 'clientSecret',
      });
    case 'unauthorized_client':
      return settings(`Xero does not allow this app to do that (${said})`, {
        hint: 'the app at developer.xero.com must be of type Web app',
        path: 'clientId',
      });
    case 'invalid_request':
      return settings(`Xero refused the request (${said})`, {
        hint: 'the Redirect URI in the Xero app must be exactly the one that Settings shows',
        path: 'redirectUri',
      });
    case 'invalid_scope':
      return settings(`Xero does not grant what is asked for (${said})`, {
        hint: 'allow all permissions that are listed; an app made before March 2026 may have to be made anew',
      });
    case 'invalid_grant':
      return during === 'refresh' ? ended(said) : codeRefused(said);
    case 'server_error':
    case 'temporarily_unavailable':
      return unavailable(said);
    default:
      return new AppError('refused', `Xero refused: ${said}`, { hint: 'press Submit again' });
  }
}

function settings(message: string, details: { hint: string; path?: string }): AppError {
  return new AppError('xero-settings', message, details);
}

function ended(said: string): AppError {
  return new AppError('xero-disconnected', `Xero has ended this connection (${said})`, {
    hint: 'open Settings, press Submit and allow access again; nothing is lost, posting goes on then',
  });
}

function codeRefused(said: string): AppError {
  return new AppError('not-allowed', `Xero no longer accepts this consent (${said})`, {
    hint: 'press Submit again; if it stays, the Redirect URI in the Xero app must be exactly the one that Settings shows',
    path: 'redirectUri',
  });
}
