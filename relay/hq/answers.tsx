/**
 * How a page leaves: as HTML under the strict policy, never cached. A form that was filled in wrong
 * is shown again with status 200: a 4xx to a navigation is an error in the browser's console.
 */
import type { ComponentChildren } from 'preact';
import { isAppError } from '../../protocol/errors.ts';
import { assetsVersion } from './assets.ts';
import type { Call, FieldError } from './call.ts';
import { Page, type PageContext, renderPage } from './parts/page.tsx';

/** Sends a page; says once what the session kept to be said. */
export function show(call: Call, title: string, page: ComponentChildren, status = 200): void {
  call.res
    .status(status)
    .type('html')
    .send(renderPage(contextOf(call), title, page));
}

/** A page that only says what went wrong. */
export function showProblem(call: Call, status: number, title: string, fix: string): void {
  show(
    call,
    title,
    <Page title={title} narrow>
      <div class="note bad" role="alert">
        <p>{fix}</p>
      </div>
      <p>
        <a href="/">Go on to the first page</a>
      </p>
    </Page>,
    status,
  );
}

function contextOf(call: Call): PageContext {
  const { req, user, proof, deps, openAlerts, zone } = call;
  const session = user === undefined ? undefined : req.session;
  const { said, wrong } = session ?? {};
  if (session !== undefined) {
    delete session.said;
    delete session.wrong;
  }
  return {
    path: req.path,
    proof,
    openAlerts,
    zone,
    version: deps.version,
    assetsVersion: assetsVersion(),
    ...(user === undefined ? {} : { user: { email: user.email, role: user.role } }),
    ...(said === undefined ? {} : { said }),
    ...(wrong === undefined ? {} : { wrong }),
  };
}

/**
 * What a person can mend, as the form shows it.
 * @throws whatever is no AppError: that is our bug
 */
export function fieldErrors(error: unknown): FieldError[] {
  if (!isAppError(error)) throw error;
  return [
    {
      message: error.message,
      ...(error.path === undefined ? {} : { field: error.path }),
      ...(error.hint === undefined ? {} : { fix: error.hint }),
    },
  ];
}
