/**
 * A browser's bare bones for tests of the pages: keeps cookies, fills in forms with the proof that
 * the page holds, follows nothing by itself.
 */

export interface Answer {
  status: number;
  /** Where a redirect leads, '' otherwise. */
  location: string;
  headers: Headers;
  text: string;
}

export class Visitor {
  readonly #base: string;
  readonly #cookies = new Map<string, string>();

  constructor(base: string) {
    this.#base = base;
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  async get(path: string): Promise<Answer> {
    return await this.#send(path, { method: 'GET' });
  }

  /** A form as it is sent: whatever `fields` say, without a proof of its own. */
  async postBare(path: string, fields: Record<string, string> = {}): Promise<Answer> {
    return await this.#send(path, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** Opens a page for its proof, then sends the form. */
  async post(page: string, path: string, fields: Record<string, string> = {}): Promise<Answer> {
    const { text } = await this.get(page);
    return await this.postBare(path, { ...fields, _proof: proofIn(text) });
  }

  async signIn(email: string, password: string): Promise<Answer> {
    return await this.post('/sign-in', '/sign-in', { email, password });
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const cookie = [...this.#cookies].map(pair => pair.join('=')).join('; ');
    const answer = await fetch(new URL(path, this.#base), {
      ...init,
      headers: { cookie },
      redirect: 'manual',
    });
    for (const header of answer.headers.getSetCookie()) this.#keep(header);
    return {
      status: answer.status,
      location: answer.headers.get('location') ?? '',
      headers: answer.headers,
      text: await answer.text(),
    };
  }

  #keep(header: string): void {
    const [pair = ''] = header.split(';');
    const at = pair.indexOf('=');
    if (/expires=Thu, 01 Jan 1970/i.test(header)) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

export function proofIn(html: string): string {
  return /name="_proof" value="([^"]+)"/.exec(html)?.[1] ?? '';
}

/** What stands in `role=alert`, as text. */
export function alertIn(html: string): string {
  const block = /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(html)?.[1] ?? '';
  return block
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
