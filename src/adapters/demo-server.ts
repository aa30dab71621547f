import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerChat, type ChatAnswer, chatRequestSchema, models } from '../demo/simulation.ts'

/** A running demo server. `url` is the API's base address, with `/v1`; `close` ends open connections too. */
export type DemoServer = { url: string; close(): Promise<void> }

type Reply = { status: number; body: unknown }

/**
 * Serves the simulated models as an OpenAI-compatible API on the loopback interface, on a free port or on `port`:
 * `POST /v1/chat/completions` (not streamed) and `GET /v1/models`. Rejects when it can't listen.
 */
export async function startDemoServer(port = 0): Promise<DemoServer> {
  // Clients keep idle sockets for some seconds; one closed by the server first would lose them a request.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void respond(request, response)
  })
  const { port: listening } = await listen(server, port)
  return { url: `http://127.0.0.1:${listening}/v1`, close: () => close(server) }
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('the demo server has no port'))
      else resolve(address)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
    server.closeAllConnections()
  })
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request)
    send(response, route(request, body))
  } catch (error) {
    // The connection is gone, or the simulation has a fault: either must not end the process.
    if (!response.headersSent) send(response, refuse(500, { message: String(error), code: null }))
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, reply: Reply): void {
  const text = JSON.stringify(reply.body)
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function route(request: IncomingMessage, body: string): Reply {
  const path = (request.url ?? '').split('?')[0]
  switch (`${request.method} ${path}`) {
    case 'POST /v1/chat/completions':
      return complete(body)
    case 'GET /v1/models':
      return { status: 200, body: { object: 'list', data: models.map(describeModel) } }
    default:
      return refuse(404, { message: `Unknown request URL: ${request.method} ${path}`, code: 'unknown_url' })
  }
}

function describeModel(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'checkpoint-gate-demo' }
}

function complete(body: string): Reply {
  const request = chatRequestSchema.safeParse(parseJson(body))
  if (!request.success) {
    const issue = request.error.issues[0]
    const message = `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'is not a chat request'}`
    return refuse(400, { message, code: 'invalid_request' })
  }
  const answer = answerChat(request.data)
  if (answer.kind === 'completion') return { status: 200, body: shapeCompletion(answer) }
  return refuse(404, { message: `The model '${answer.model}' does not exist`, code: 'model_not_found' })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function shapeCompletion(answer: Extract<ChatAnswer, { kind: 'completion' }>): object {
  const { content, toolCalls, finishReason } = answer.completion
  return {
    id: answer.id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content,
          refusal: null,
          ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
        },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: {
      prompt_tokens: answer.promptTokens,
      completion_tokens: answer.completionTokens,
      total_tokens: answer.promptTokens + answer.completionTokens,
    },
    system_fingerprint: answer.fingerprint,
  }
}

function refuse(status: number, error: { message: string; code: string | null }): Reply {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return { status, body: { error: { message: error.message, type, param: null, code: error.code } } }
}
