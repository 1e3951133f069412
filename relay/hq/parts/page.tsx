/**
 * The frame of every page: title, way around, who is signed in, and what was just said. A page is
 * rendered on the server; its forms take the proof from here.
 */
import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { renderToString } from 'preact-render-to-string';
import type { Role } from '../../db/records.ts';
import { mayDo } from '../call.ts';

export interface PageContext {
  /** Address of this page, without the query. */
  path: string;
  proof: string;
  user?: { email: string; role: Role };
  /** Shown beside Alerts, when there are any. */
  openAlerts?: number;
  /** Of times that belong to no store. */
  zone: string;
  /** What a form did, said once. */
  said?: string;
  /** What went wrong, said once. */
  wrong?: { message: string; fix?: string };
  version: string;
  /** Changes when the assets change, so that they may be cached for ever. */
  assetsVersion: string;
}

const Context = createContext<PageContext>({
  path: '/',
  proof: '',
  zone: 'UTC',
  version: '',
  assetsVersion: '',
});

export function usePage(): PageContext {
  return useContext(Context);
}

/** True when the signed-in user may do what asks for `role`. */
export function useMay(role: Role): boolean {
  const { user } = usePage();
  return user !== undefined && mayDo(user.role, role);
}

const WAYS: { path: string; name: string; needs: Role }[] = [
  { path: '/days', name: 'Days', needs: 'viewer' },
  { path: '/calendar', name: 'Calendar', needs: 'viewer' },
  { path: '/alerts', name: 'Alerts', needs: 'viewer' },
  { path: '/stores', name: 'Stores', needs: 'viewer' },
  { path: '/settings', name: 'Settings', needs: 'viewer' },
  { path: '/users', name: 'Users', needs: 'admin' },
  { path: '/audit', name: 'Audit log', needs: 'viewer' },
];

const STYLES = ['base', 'parts', 'tables'];

interface PageProps {
  title: string;
  /** One sentence under the title. */
  lead?: string;
  /** Narrow pages hold one short form. */
  narrow?: boolean;
  children: ComponentChildren;
}

/** Title and content; goes inside the frame. */
export function Page({ title, lead, narrow = false, children }: PageProps) {
  const { said, wrong } = usePage();
  return (
    <main id="main" class={narrow ? 'narrow' : undefined} data-title={title}>
      <h1>{title}</h1>
      {lead === undefined ? null : <p class="lead">{lead}</p>}
      {said === undefined ? null : (
        <p class="note good" role="status">
          {said}
        </p>
      )}
      {wrong === undefined ? null : (
        <div class="note bad" role="alert">
          <p>
            <strong>{sentence(wrong.message)}</strong> {wrong.fix && sentence(wrong.fix)}
          </p>
        </div>
      )}
      {children}
    </main>
  );
}

/** `copy both again` → `Copy both again.`: messages of inner parts as a person reads them. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const end = /[.!?:…]$/.test(trimmed) ? '' : '.';
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + end;
}

/** The whole HTML document of a page. */
export function renderPage(context: PageContext, title: string, page: ComponentChildren): string {
  const html = renderToString(
    <Context.Provider value={context}>
      <Document title={title}>{page}</Document>
    </Context.Provider>,
  );
  return `<!doctype html>${html}`;
}

function Document({ title, children }: { title: string; children: ComponentChildren }) {
  const { assetsVersion, version, user, zone } = usePage();
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Tillbook`}</title>
        <link rel="icon" href={`/assets/icon.svg?v=${assetsVersion}`} type="image/svg+xml" />
        {STYLES.map(name => (
          <link rel="stylesheet" href={`/assets/${name}.css?v=${assetsVersion}`} />
        ))}
        <script src={`/assets/hq.js?v=${assetsVersion}`} defer />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Header />
        {children}
        <footer>
          Tillbook {version}
          {user === undefined ? null : ` · ${zoneWords(zone)}`}
        </footer>
      </body>
    </html>
  );
}

/** Whose clock the times are: stores of one zone share it, else each page of a store has its own. */
function zoneWords(zone: string): string {
  if (zone !== 'UTC') return `Times are those of ${zone}`;
  return 'Times of a store are its own, all others are UTC';
}

function Header() {
  const { user, path, openAlerts = 0 } = usePage();
  return (
    <header>
      <span class="brand">Tillbook</span>
      {user === undefined ? null : (
        <>
          <nav aria-label="Main">
            {WAYS.filter(way => mayDo(user.role, way.needs)).map(way => (
              <a href={way.path} aria-current={isUnder(path, way.path) ? 'page' : undefined}>
                {way.name}
                {way.path === '/alerts' ? <OpenCount count={openAlerts} /> : null}
              </a>
            ))}
          </nav>
          <div class="me">
            <a href="/account" aria-current={path === '/account' ? 'page' : undefined}>
              {user.email}
            </a>
            <Action to="/sign-out" name="Sign out" look="plain" />
          </div>
        </>
      )}
    </header>
  );
}

function OpenCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span class="count">
      {count}
      <span class="unseen"> open</span>
    </span>
  );
}

function isUnder(path: string, way: string): boolean {
  if (way === '/settings' && path.startsWith('/mapping/')) return true;
  return path === way || path.startsWith(`${way}/`);
}

interface FormProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  label?: string;
  id?: string;
}

/** A form that changes something: always POST, always with the proof. */
export function Form({ to, children, label, id, class: className }: FormProps) {
  const { proof } = usePage();
  return (
    // Not the browser's own checks: what is wrong is told in one way, by the page.
    <form method="post" action={to} class={className} aria-label={label} id={id} noValidate>
      <input type="hidden" name="_proof" value={proof} />
      {children}
    </form>
  );
}

interface ActionProps {
  to: string;
  name: string;
  /** What it acts on, for those who do not see the surroundings. */
  about?: string;
  look?: 'main' | 'plain' | 'danger';
  fields?: Record<string, string>;
}

/** A form that is only its button. */
export function Action({ to, name, about, look = 'plain', fields = {} }: ActionProps) {
  return (
    <Form to={to} class="action">
      {Object.entries(fields).map(([key, value]) => (
        <input type="hidden" name={key} value={value} />
      ))}
      <Button name={name} about={about} look={look} />
    </Form>
  );
}

interface ButtonProps {
  name: string;
  about?: string | undefined;
  look?: 'main' | 'plain' | 'danger';
}

export function Button({ name, about, look = 'main' }: ButtonProps) {
  return (
    <button type="submit" class={look}>
      {name}
      {about === undefined ? null : <span class="unseen"> {about}</span>}
    </button>
  );
}
