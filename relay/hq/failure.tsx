/**
 * The page of a request that failed on our side, or that cannot be read at all. It needs nothing that
 * may be what failed: no session, no user, no database. None of the error's own words stand on it,
 * only a reference under which the log has them. Programs get the problem document instead.
 */
import type { ErrorRequestHandler, Request, Response } from 'express';
import { failureOf, type Problem, sendProblem } from '../problems.ts';
import { assetsVersion } from './assets.ts';
import type { HqDeps } from './deps.ts';
import { Page, renderPage, sentence } from './parts/page.tsx';
import { policy } from './policy.ts';

type FailureDeps = Pick<HqDeps, 'log' | 'version' | 'publicUrl' | 'xeroLoginUrl'>;

/** Comes last of all that answers browsers. */
export function failurePage(deps: FailureDeps): ErrorRequestHandler {
  const strict = policy(deps);
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const problem = failureOf(error, req, deps.log);
    strict(req, res, () => {
      res.set('Cache-Control', 'no-store');
      if (wantsPage(req)) sendPage(res, problem, deps.version);
      else sendProblem(res, problem);
    });
  };
}

/** A browser asks for HTML first; what takes anything gets data. */
function wantsPage(req: Request): boolean {
  return req.accepts(['json', 'html']) === 'html';
}

function sendPage(res: Response, problem: Problem, version: string): void {
  const { title, lead } = wordsOf(problem);
  const context = { path: '', proof: '', zone: 'UTC', version, assetsVersion: assetsVersion() };
  const page = (
    <Page title={title} lead={lead} narrow>
      <div class="note bad" role="alert">
        {problem.reference === undefined ? (
          <p>{sentence(problem.hint ?? 'Go back and try again')}</p>
        ) : (
          <>
            <p>
              Go back and try again in a minute. If it stays so, give this reference to who runs the
              relay: its log has the cause under it.
            </p>
            <p>
              Reference <code class="reference">{problem.reference}</code>
            </p>
          </>
        )}
      </div>
      <p>
        <a href="/">Go on to the first page</a>
      </p>
    </Page>
  );
  if (problem.retryAfterSeconds !== undefined) {
    res.set('Retry-After', String(problem.retryAfterSeconds));
  }
  res
    .status(problem.status)
    .type('html')
    .send(renderPage(context, title, page));
}

const NOTHING_LOST =
  'What the shops sent is safe: a shop keeps its day and sends it again until it is stored here.';

function wordsOf({ status, detail }: Problem): { title: string; lead: string } {
  if (status < 500) return { title: 'This cannot be read', lead: sentence(detail) };
  if (status === 503) return { title: 'The relay cannot work just now', lead: NOTHING_LOST };
  return { title: 'Something went wrong here', lead: NOTHING_LOST };
}
