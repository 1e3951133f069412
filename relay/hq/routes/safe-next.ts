/** Where the sign-in leads on to. */

/** Only a path of this relay: `//elsewhere` would leave it. */
export function safeNext(next: string): string {
  return /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : '/days';
}
