// An agent of the Agent2Agent protocol, made with the kit of the protocol's makers. It does what the last line of
// its task says that is one of `ORDERS`: see `act`. `GET /seen` tells what it was asked.
//
// node agent.cjs DIRECTORY VERSION: where the kit is installed, and by which version it is spoken to.
const path = require('node:path');
const { createRequire } = require('node:module');
const [, , directory, version] = process.argv;
const kit = createRequire(path.join(path.resolve(directory), 'package.json'));
const express = kit('express');
const { TaskState, Role, AGENT_CARD_PATH } = kit('@a2a-js/sdk');
const { DefaultRequestHandler, InMemoryTaskStore, AgentEvent } = kit('@a2a-js/sdk/server');
const { agentCardHandler, jsonRpcHandler, UserBuilder } = kit('@a2a-js/sdk/server/express');

const seen = { sends: 0, asked: 0, cancels: 0, ids: [] };
const key = process.env.AGENT_KEY;
const ORDERS = ['greet', 'count', 'ask', 'fail', 'reject', 'nothing', 'paint'];
const text = (value) => ({ content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: 'text/plain' });
const data = (value) => ({ content: { $case: 'data', value }, metadata: undefined, filename: '', mediaType: 'application/json' });

class Agent {
  waiting = new Map();

  cancelTask = async (taskId, bus) => {
    seen.cancels += 1;
    bus.publish(this.status(taskId, '', TaskState.TASK_STATE_CANCELED));
    this.waiting.get(taskId)?.();
  };

  message(taskId, contextId, words) {
    return {
      role: Role.ROLE_AGENT, messageId: crypto.randomUUID(), parts: [text(words)], taskId, contextId,
      extensions: [], metadata: {}, referenceTaskIds: [],
    };
  }

  status(taskId, contextId, state, words) {
    const message = words && this.message(taskId, contextId, words);
    return AgentEvent.statusUpdate({ taskId, contextId, status: { state, timestamp: new Date().toISOString(), message }, metadata: {} });
  }

  async execute({ userMessage, task, taskId, contextId }, bus) {
    seen.ids.push(userMessage.messageId);
    const words = userMessage.parts.map((part) => part.content?.value ?? '').join('\n').trim();
    const order = words.split('\n').findLast((line) => ORDERS.includes(line));
    if (order === 'greet') {
      bus.publish(AgentEvent.message(this.message('', contextId, 'hello')));
      bus.finished?.();
      return;
    }
    bus.publish(AgentEvent.task(task ?? {
      id: taskId, contextId, artifacts: [], history: [userMessage], metadata: {},
      status: { state: TaskState.TASK_STATE_SUBMITTED, timestamp: new Date().toISOString(), message: undefined },
    }));
    await this.act(task ? 'answered' : order, words, taskId, contextId, bus);
    bus.finished?.();
  }

  async act(order, words, taskId, contextId, bus) {
    const say = (state, said) => bus.publish(this.status(taskId, contextId, state, said));
    const make = (...parts) => bus.publish(AgentEvent.artifactUpdate({
      taskId, contextId, append: false, lastChunk: true, metadata: {},
      artifact: { artifactId: 'a', name: '', description: '', parts, metadata: {}, extensions: [] },
    }));
    say(TaskState.TASK_STATE_WORKING);
    switch (order) {
      case 'count':
        make(data({ count: 3 }), text('three'));
        return say(TaskState.TASK_STATE_COMPLETED);
      case 'ask':
        return say(TaskState.TASK_STATE_INPUT_REQUIRED, 'which colour?');
      case 'answered':
        make(text(`painted it ${words}`));
        return say(TaskState.TASK_STATE_COMPLETED);
      case 'fail':
        return say(TaskState.TASK_STATE_FAILED, 'the paint is dry');
      case 'reject':
        return say(TaskState.TASK_STATE_REJECTED, 'not my trade');
      case 'nothing':
        return say(TaskState.TASK_STATE_COMPLETED);
      default:
        return new Promise((done) => this.waiting.set(taskId, done));
    }
  }
}

const app = express();
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const url = `http://127.0.0.1:${port}/rpc`;
  const card = {
    name: 'Painter', description: 'Paints.', version: '1.0.0', documentationUrl: '', signatures: [],
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: version }],
    provider: { organization: 'Tests', url },
    capabilities: { streaming: false, pushNotifications: false, extensions: [], extendedAgentCard: false },
    securitySchemes: {}, securityRequirements: [], defaultInputModes: ['text'], defaultOutputModes: ['text'], skills: [],
  };
  const legacyCompat = { enabled: version.startsWith('0') };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Agent());
  app.get('/seen', (_, answer) => answer.json(seen));
  app.use((request, answer, next) => {
    if (key && request.headers.authorization !== `Bearer ${key}`) return answer.status(401).end();
    return next();
  });
  app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler, legacyCompat }));
  app.use('/rpc', express.json({ limit: '8mb' }), (request, _, next) => {
    const method = request.body?.method ?? '';
    if (/send/i.test(method)) seen.sends += 1;
    if (/get/i.test(method)) seen.asked += 1;
    next();
  });
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat }));
  console.log(`listening at http://127.0.0.1:${port}`);
});
