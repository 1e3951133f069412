/**
 * `/connections`: the organisations a consent reaches, and how an app lets one go.
 */
import express, { type Router } from 'express';
import type { Json } from './answers.ts';
import { sendAnswer } from './faults.ts';
import { grantOf } from './gate.ts';
import type { Connection } from './types.ts';
import type { World } from './world.ts';

export function connectionRoutes(world: World): Router {
  const router = express.Router();
  router.get('/connections', (req, res) => {
    const grant = grantOf(world, req);
    if ('status' in grant) return sendAnswer(res, grant);
    const event = new URL(req.originalUrl, 'http://stand-in').searchParams.get('authEventId');
    const found = world.connections.filter(
      c => c.clientId === grant.clientId && (event === null || c.authEventId === event),
    );
    sendAnswer(res, { status: 200, body: found.map(c => connectionJson(world, c)) });
  });
  router.delete('/connections/:id', (req, res) => {
    const grant = grantOf(world, req);
    if ('status' in grant) return sendAnswer(res, grant);
    const found = world.connections.find(
      c => c.clientId === grant.clientId && c.id === req.params.id,
    );
    if (found === undefined) return sendAnswer(res, { status: 404 });
    world.connections.splice(world.connections.indexOf(found), 1);
    sendAnswer(res, { status: 204 });
  });
  return router;
}

function connectionJson(world: World, connection: Connection): Json {
  const organisation = world.organisations.find(o => o.id === connection.organisationId);
  // Xero writes these without a zone and with seven decimals.
  const instant = (at: number) => new Date(at).toISOString().replace('Z', '0000');
  return {
    id: connection.id,
    authEventId: connection.authEventId,
    tenantId: connection.organisationId,
    tenantType: 'ORGANISATION',
    tenantName: organisation?.name,
    createdDateUtc: instant(connection.createdAt),
    updatedDateUtc: instant(connection.updatedAt),
  };
}
