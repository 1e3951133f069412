/**
 * A browser without a screen for the demo: follows redirects, keeps cookies, finds fields by their
 * visible labels and presses buttons by their names, as a person at head office would.
 */
import { type Cheerio, type CheerioAPI, load } from 'cheerio';
import type { Element } from 'domhandler';
import { request } from 'undici';

const REDIRECTS_MAX = 10;

export class FormBrowser {
  readonly #cookies = new Map<string, string>();
  #url = '';
  #page: CheerioAPI = load('');

  get url(): string {
    return this.#url;
  }

  /** The page's visible text on one line. */
  get text(): string {
    return this.#page('body').text().replace(/\s+/g, ' ').trim();
  }

  async open(url: string): Promise<void> {
    await this.#go('GET', new URL(url, this.#url || url).href);
  }

  /**
   * Fills in fields by label and presses a button of the form in which the button stands.
   * A select takes the option whose text begins with the given words.
   */
  async submit(button: string, fields: Record<string, string> = {}): Promise<void> {
    const pressed = this.#page('button, input[type=submit]').filter((_, element) =>
      clean(this.#page(element).text() || this.#page(element).attr('value')).startsWith(button),
    );
    if (pressed.length === 0) throw new Error(`${this.#url}: no button "${button}": ${this.text}`);
    const form = this.#formOf(pressed.first());
    const values = this.#defaults(form);
    for (const [label, value] of Object.entries(fields)) {
      const [name, chosen] = this.#field(form, label, value);
      values.set(name, chosen);
    }
    const name = pressed.attr('name');
    if (name !== undefined) values.set(name, pressed.attr('value') ?? '');
    const action = new URL(pressed.attr('formaction') ?? form.attr('action') ?? '', this.#url);
    await this.#go((form.attr('method') ?? 'get').toUpperCase(), action.href, values);
  }

  #formOf(button: Cheerio<Element>): Cheerio<Element> {
    const id = button.attr('form');
    return (id === undefined ? button.closest('form') : this.#page(`#${id}`)) as Cheerio<Element>;
  }

  /** What the form would send untouched. */
  #defaults(form: Cheerio<Element>): URLSearchParams {
    const values = new URLSearchParams();
    for (const { name, value } of form.serializeArray()) values.append(name, value);
    return values;
  }

  #field(form: Cheerio<Element>, label: string, value: string): [name: string, value: string] {
    const found = this.#page('label').filter((_, element) =>
      clean(this.#page(element).text()).startsWith(label),
    );
    const id = found.first().attr('for');
    const field = id === undefined ? found.first().find('input, select') : form.find(`#${id}`);
    const name = field.attr('name');
    if (name === undefined) throw new Error(`${this.#url}: no field "${label}": ${this.text}`);
    if (!field.is('select')) return [name, value];
    const option = field
      .find('option')
      .filter((_, element) => clean(this.#page(element).text()).startsWith(value));
    if (option.length === 0) throw new Error(`${label}: no "${value}": ${clean(field.text())}`);
    return [name, option.first().attr('value') ?? clean(option.first().text())];
  }

  async #go(method: string, url: string, values?: URLSearchParams): Promise<void> {
    let target = new URL(url);
    let body = method === 'POST' ? (values ?? new URLSearchParams()).toString() : undefined;
    if (method === 'GET' && values !== undefined) target.search = values.toString();
    for (let hops = 0; hops < REDIRECTS_MAX; hops += 1) {
      const headers: Record<string, string> = {
        cookie: this.#cookieHeader(target),
        origin: target.origin,
      };
      if (body !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
      const verb = body === undefined ? 'GET' : 'POST';
      const answer = await request(target, { method: verb, headers, body: body ?? null });
      this.#keepCookies(target, answer.headers['set-cookie']);
      const text = await answer.body.text();
      const location = answer.headers['location'];
      if (answer.statusCode < 300 || answer.statusCode >= 400 || typeof location !== 'string') {
        this.#url = target.href;
        this.#page = load(text);
        return;
      }
      target = new URL(location, target);
      body = undefined;
    }
    throw new Error(`${url}: more than ${REDIRECTS_MAX} redirects`);
  }

  /** Cookies are kept by host and port: everything of the demo stands on one host. */
  #keepCookies(target: URL, header: string | string[] | undefined): void {
    for (const cookie of [header ?? []].flat()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', ...value] = pair.split('=');
      this.#cookies.set(`${target.host} ${name.trim()}`, value.join('='));
    }
  }

  #cookieHeader(target: URL): string {
    return [...this.#cookies]
      .filter(([key]) => key.startsWith(`${target.host} `))
      .map(([key, value]) => `${key.slice(target.host.length + 1)}=${value}`)
      .join('; ');
  }
}

function clean(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}
