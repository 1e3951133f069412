/**
 * Trouble on demand: answers that are lost, late, wrong or never come. A fault strikes before the
 * call does anything or after it was committed. Every answer to a client goes out through here.
 */
import type { Request, Response } from 'express';
import type { Answer } from './answers.ts';
import type { Fault, FaultAnswer, RequestRecord } from './types.ts';
import type { World } from './world.ts';

const HTML_ERROR =
  '<!DOCTYPE html><html><head><title>Xero | Sorry</title></head><body><h1>We are busy</h1></body></html>';

/** What the recorder left for the later stages of one request. */
export interface CallLocals {
  record: RequestRecord;
  /** The request's body as it came. */
  raw: string;
  /** A fault that strikes once the call is committed. */
  pending?: FaultAnswer;
}

export function localsOf(res: Response): CallLocals {
  return res.locals as unknown as CallLocals;
}

/** Takes the first fault that matches this call, counting it down. */
export function takeFault(world: World, method: string, path: string): Fault | undefined {
  for (const fault of world.faults) {
    if (!matches(fault, method, path)) continue;
    if ((fault.skip ?? 0) > 0) {
      fault.skip = (fault.skip ?? 0) - 1;
      continue;
    }
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) world.faults.splice(world.faults.indexOf(fault), 1);
    return fault;
  }
  return undefined;
}

function matches(fault: Fault, method: string, path: string): boolean {
  const methodFits = fault.method === undefined || fault.method === method;
  return methodFits && (fault.path === undefined || new RegExp(fault.path).test(path));
}

/** Middleware: plays faults that strike first, and remembers those that strike last. */
export function playFaults(world: World) {
  return async (req: Request, res: Response, next: () => void): Promise<void> => {
    const fault = takeFault(world, req.method, req.path);
    if (fault === undefined) {
      next();
      return;
    }
    localsOf(res).record.fault = fault.answer.kind;
    if (fault.when === 'after') localsOf(res).pending = fault.answer;
    else if (fault.answer.kind === 'delay') await wait(fault.answer.delayMs);
    else {
      play(res, fault.answer);
      return;
    }
    next();
  };
}

/** Sends what a handler made of the call, or what a fault made of that. */
export function sendAnswer(res: Response, answer: Answer): void {
  const fault = localsOf(res).pending;
  if (fault === undefined) write(res, answer);
  else if (fault.kind !== 'delay') play(res, fault);
  else setTimeout(() => write(res, answer), fault.delayMs).unref();
}

type Instead = Exclude<FaultAnswer, { kind: 'delay' }>;

function play(res: Response, fault: Instead): void {
  if (fault.kind === 'lost') res.destroy();
  else write(res, answerInstead(fault));
}

function answerInstead(fault: Exclude<Instead, { kind: 'lost' }>): Answer {
  switch (fault.kind) {
    case 'html':
      return {
        status: fault.status,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: HTML_ERROR,
      };
    case 'empty':
      return { status: fault.status };
    case 'rate-limit':
      return rateLimited(fault.problem, fault.retryAfterSeconds);
    case 'status':
      return {
        status: fault.status,
        ...(fault.headers && { headers: fault.headers }),
        ...(fault.body !== undefined && { body: fault.body }),
      };
  }
}

/** Xero's 429: no body that could be parsed, two headers that matter. */
export function rateLimited(problem: string, retryAfterSeconds: number): Answer {
  return {
    status: 429,
    headers: { 'x-rate-limit-problem': problem, 'retry-after': String(retryAfterSeconds) },
  };
}

function write(res: Response, answer: Answer): void {
  const text = bodyText(answer);
  const { record } = localsOf(res);
  record.status = answer.status;
  record.answer = text;
  res.status(answer.status);
  if (typeof answer.body !== 'string' && text !== '') res.type('application/json');
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value);
  res.end(text);
}

/** The body of an answer as it goes over the wire. */
export function bodyText(answer: Answer): string {
  if (answer.body === undefined) return '';
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

/** Resolves after `ms`; does not keep the process alive. */
export function wait(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref();
  });
}
