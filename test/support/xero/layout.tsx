/**
 * The frame of the stand-in's pages: head, navigation, footer. Plain HTML, no script.
 */
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Organisation } from './types.ts';

export interface FrameProps {
  readonly title: string;
  readonly organisation?: Organisation;
  /** Which tab is open. */
  readonly tab?: 'documents' | 'accounts' | 'settings';
  readonly children: ComponentChildren;
}

export function Frame({ title, organisation, tab, children }: FrameProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} – Xero stand-in`}</title>
        <link rel="stylesheet" href="/assets/xero.css" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header class="bar">
          <a class="brand" href="/">
            Xero stand-in
          </a>
          {organisation && <Tabs organisation={organisation} tab={tab} />}
          <nav class="side" aria-label="Developer">
            <a href="/apps">My apps</a>
          </nav>
        </header>
        <main id="content">{children}</main>
        <footer>
          A rehearsal stage that keeps Xero’s rules. Nothing here leaves this machine.
        </footer>
      </body>
    </html>
  );
}

function Tabs({ organisation, tab }: { organisation: Organisation; tab: FrameProps['tab'] }) {
  const base = `/organisations/${organisation.key}`;
  const link = (href: string, name: NonNullable<FrameProps['tab']>, text: string) => (
    <a href={href} aria-current={tab === name ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <nav aria-label={organisation.name}>
      {link(base, 'documents', 'Sales')}
      {link(`${base}/accounts`, 'accounts', 'Accounts')}
      {link(`${base}/settings`, 'settings', 'Settings')}
    </nav>
  );
}

export type Page = Parameters<typeof renderToString>[0];

/** A whole page as text. */
export function renderPage(page: Page): string {
  return `<!DOCTYPE html>${renderToString(page)}`;
}
