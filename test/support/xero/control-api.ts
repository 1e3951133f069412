/**
 * The control over HTTP, for tests that run the stand-in as a process:
 * `POST /_control/<call>` with the call's argument as JSON; the answer is its result as JSON.
 */
import express, { type Router } from 'express';
import type { Control } from './control.ts';

export function controlRoutes(control: Control): Router {
  const router = express.Router();
  router.get('/_control', (_req, res) => {
    res.json({ calls: Object.keys(control) });
  });
  router.post('/_control/:call', express.json({ limit: '1mb' }), (req, res) => {
    const call = Object.entries(control).find(([name]) => name === req.params['call'])?.[1];
    if (call === undefined) {
      res.status(404).json({ error: 'No such call; see GET /_control.' });
      return;
    }
    try {
      const run = call as (argument: unknown) => unknown;
      res.json(run(req.body ?? {}) ?? null);
    } catch (error) {
      res.status(400).json({ error: error instanceof Error ? error.message : String(error) });
    }
  });
  return router;
}
