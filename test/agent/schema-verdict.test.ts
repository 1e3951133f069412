/**
 * The published schema and the running agent give the same verdict on 1,000 good and bad messages,
 * sent by four tills over MQTT. What only the agent can know (its memory, the rules across fields)
 * is told apart by its code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { MqttClient } from 'mqtt';
import { checkTransaction, type Problem, transactionSchema } from '../../protocol/transaction.ts';
import { connectTerminal, publish, tempFolder } from '../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../support/agent-process.ts';
import { changedMessages, type Json } from '../support/changed-messages.ts';
import { transactionJsonSchema } from '../support/vectors/schemas.ts';

const MESSAGES = 1000;
const TILLS = ['till-1', 'till-2', 'till-3', 'till-4'];
const ANSWERS_WITHIN_MS = 30_000;
/** Codes of the shop's memory; the message itself is as the schema wants it. */
const OF_MEMORY = new Set(['conflict-id', 'conflict-number', 'currency', 'business-date', 'clock']);
OF_MEMORY.add('void-target');

const validate = new Ajv2020().compile(transactionJsonSchema() as object);

interface Sent {
  till: string;
  text: string;
}

/** Each with an id and a number of its own, where it has a good one. */
function messagesOfTills(): Sent[] {
  return changedMessages(MESSAGES).map((message, n) => {
    const value: Json = JSON.parse(JSON.stringify(message));
    const { id, sequence } = value;
    if (typeof id === 'string' && id !== '' && id.length <= 64) value['id'] = `message-${n}`;
    if (Number.isSafeInteger(sequence) && Number(sequence) > 0) value['sequence'] = n + 1;
    return { till: TILLS[n % TILLS.length] ?? '', text: JSON.stringify(value) };
  });
}

/** What the schema, and where it is content the rules across fields, say against a message. */
function objection(text: string): { code: string } | undefined {
  const value = JSON.parse(text);
  if (!validate(value)) return { code: 'schema' };
  return checkTransaction(transactionSchema.parse(value));
}

async function problemsOf(client: MqttClient, till: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  client.on('message', (_topic, payload) => problems.push(JSON.parse(payload.toString())));
  await client.subscribeAsync(`pos/v1/${till}/problems`, { qos: 1 });
  return problems;
}

test('schema verdict = agent verdict for 1,000 messages over MQTT', async t => {
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  const sent = messagesOfTills();
  const answered: Problem[] = [];
  for (const till of TILLS) {
    const added = await runAgent(env, 'terminal', 'add', till, '--json');
    const { password } = JSON.parse(added.stdout) as { password: string };
    const client = await connectTerminal(Number(new URL(agent.mqtt).port), till, password);
    const problems = await problemsOf(client, till);
    const own = sent.filter(message => message.till === till);
    // One after the other, so that the answers come in this order.
    for (const { text } of own) await publish(client, text);
    const expected = own
      .map(({ text }) => objection(text)?.code)
      .filter(code => code !== undefined);
    const ofContent = () => problems.filter(({ code }) => !OF_MEMORY.has(code));
    const end = Date.now() + ANSWERS_WITHIN_MS;
    while (ofContent().length < expected.length && Date.now() < end) await wait(20);
    assert.deepEqual(
      ofContent().map(({ code }) => code),
      expected,
    );
    answered.push(...problems);
    await client.endAsync();
  }
  const status = JSON.parse((await runAgent(env, 'status', '--json')).stdout);
  const days = status.days as { transactions: number }[];
  const accepted = days.reduce((sum, day) => sum + day.transactions, 0);
  assert.equal(accepted + answered.length, MESSAGES);
  const unbalanced = answered.filter(({ code }) => code === 'unbalanced').length;
  const bySchema = answered.filter(({ code }) => code === 'schema').length;
  const counts = { accepted, bySchema, unbalanced };
  assert.ok(Math.min(...Object.values(counts)) >= 25, JSON.stringify(counts));
});
