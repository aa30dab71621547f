import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { systemClock } from '../src/adapters/clock.ts'
import { openRunDirectory } from '../src/adapters/run-directory.ts'
import { createConnector } from '../src/connect.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { type ChatEndpoint, type ChatScript, listAsked, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'
import { useTemporaryFolders } from './support/temporary-folder.ts'

const key = 'sk-canary-0123456789'
const canary = 'CANARY-7f3a'
const makeFolder = useTemporaryFolders()
const endpoints: ChatEndpoint[] = []

afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
})

/** One server for all three endpoints, told apart by the model, and a gate that asks it over HTTP. */
async function open(reply: ChatScript, options: ScenarioOptions & { address?: string } = {}) {
  const endpoint = await startChatEndpoint({ reply })
  endpoints.push(endpoint)
  const folder = await makeFolder()
  const log = createRecordingLog()
  const names = ['baseline', 'candidate', 'judge']
  const connect = createConnector({
    endpoints: parseEndpoints(names.map((name) => `${name}=${options.address ?? endpoint.url}`)),
    environment: Object.fromEntries(names.map((name) => [`CHECKPOINT_GATE_KEY_${name.toUpperCase()}`, key])),
    factory: clientFactory,
    clock: createFakeClock(),
    log,
    remedy: 'give it',
  })
  const scenario = createScenario({
    turns: 12,
    ...options,
    ports: { connect, log, openDirectory: () => openRunDirectory(folder), ...options.ports },
  })
  const readAll = async () => {
    const files = await readdir(folder)
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    return files.map((file, index) => `${file}\n${texts[index]}`).join('\n')
  }
  return { endpoint, scenario, log, folder, readAll }
}

const judgeAnswer = (label: string, quote = '') => JSON.stringify({ rationale: canary, label, quote })

describe('a run over HTTP', () => {
  it('comes from policy to verdict, and asks each turn of each arm once', async () => {
    const { endpoint, scenario, readAll } = await open(({ model }) => ({
      text: model === 'judge-1' ? judgeAnswer('absent') : 'a kind answer',
    }))
    const { record, verdict } = await decide(scenario)
    expect(listAsked(endpoint)).toHaveLength(48)
    expect(new Set(listAsked(endpoint).map(({ raw }) => raw)).size).toBeGreaterThanOrEqual(24)
    expect(verdict.categories.map(({ candidate }) => candidate.graded)).toEqual([12, 12])
    expect(record.summary.arms.candidate.models).toEqual({ 'ckpt-2': 12 })
    expect(await readAll()).toContain('record.json')
  })

  it('stops after the first refused key, whoever is asked', async () => {
    const { endpoint, scenario } = await open(() => ({ status: 401 }), { turns: 300 })
    const error = await takeRefusal(() => scenario.run())
    expect(error).toMatchObject({
      code: 'endpoint',
      message: expect.stringContaining('refuses the key'),
      remedy: expect.stringMatching(/CHECKPOINT_GATE_KEY_(BASELINE|CANDIDATE)/),
    })
    // 4 under way at either arm, and those that took their places meanwhile.
    expect(listAsked(endpoint).length).toBeLessThanOrEqual(16)
  })

  it('stops when nobody is there', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    const port = address === null || typeof address === 'string' ? 0 : address.port
    const { scenario } = await open(() => ({}), { turns: 300, address: `http://127.0.0.1:${port}/v1` })
    const error = await takeRefusal(() => scenario.run())
    expect(error.message).toContain('answered none of the first 5 requests (connection-refused)')
  })

  it('goes on with a judge that knows no response format', async () => {
    const { scenario, log } = await open(
      ({ model, body }) => {
        if (model !== 'judge-1') return { text: 'a kind answer' }
        if ('response_format' in body) return { status: 400, body: { error: { message: 'no json_schema' } } }
        return { text: judgeAnswer('absent') }
      },
      { policy: { replay: { concurrency: 12 } } },
    )
    const { verdict } = await decide(scenario)
    expect(verdict.categories[1]?.candidate).toMatchObject({ graded: 12, missing: 0 })
    expect(log.lines.slice(1)).toEqual([expect.stringContaining('does not know response_format')])
  })

  it('goes on with checkpoints that know only max_tokens', async () => {
    const { scenario, log } = await open(
      ({ model, body }) => {
        if (model === 'judge-1') return { text: judgeAnswer('absent') }
        if ('max_completion_tokens' in body)
          return { status: 400, body: { error: { message: 'unknown parameter max_completion_tokens' } } }
        return { text: 'a kind answer' }
      },
      { policy: { replay: { concurrency: 12, max_tokens: 64 } } },
    )
    const { verdict } = await decide(scenario)
    expect(verdict.categories[0]).toMatchObject({ candidate: { graded: 12 }, baseline: { graded: 12 } })
    expect(log.lines.slice(1)).toHaveLength(2)
    expect(log.lines[1]).toContain('max_completion_tokens: using max_tokens')
  })

  it('ends soon after it is cancelled, however long an endpoint takes', async () => {
    const cancel = new AbortController()
    const { scenario } = await open(
      ({ index }) => {
        if (index === 10) cancel.abort()
        return { text: 'a kind answer', delayMs: index < 10 ? 0 : 600_000 }
      },
      { ports: { cancelled: cancel.signal, clock: systemClock } },
    )
    const { record } = await decide(scenario)
    expect(record.summary.stopped).toBe('cancelled')
  })
})

describe('secrets and text', () => {
  // Every way that an endpoint has to say something, by turns.
  const echo =
    (word: string): ChatScript =>
    ({ model, index }) => {
      if (model === 'judge-1')
        return index % 2 === 0 ? { text: judgeAnswer('present', word) } : { text: `prose with ${word}` }
      const call = { id: word, name: `f_${word}`, arguments: `{"x": "${word}"}` }
      const ways = [
        { text: `text ${word}` },
        { text: `LEAK ${word}` },
        { refusal: `refusal ${word}` },
        { toolCalls: [call] },
        { status: 500, body: { error: { message: `error ${word}` } } },
        { status: 400, body: `plain error ${word}` },
      ]
      return ways[index % ways.length] ?? {}
    }

  it('leaves no text of completions, judges or conversations in any file when none may be kept', async () => {
    const { scenario, readAll, log } = await open(echo(canary))
    await decide(scenario)
    const bytes = await readAll()
    expect(bytes).toContain('"kind":"present"')
    expect(bytes).toContain('"cause":"bad-request"')
    expect(bytes).not.toContain(canary)
    expect(bytes).not.toContain('question of')
    expect(bytes).not.toContain('what was said then')
    expect(log.lines.join('\n')).not.toContain(canary)
  })

  it('keeps the completions where the policy says so, and the conversations in no case', async () => {
    const { scenario, readAll } = await open(echo(canary), { policy: { retain_text: 'artifact' } })
    await decide(scenario)
    const bytes = await readAll()
    for (const text of [`text ${canary}`, `refusal ${canary}`, `f_${canary}`]) expect(bytes).toContain(text)
    expect(bytes).not.toContain('question of')
  })

  it('lets no key that an endpoint echoes reach a file or the log', async () => {
    const { scenario, readAll, log } = await open(echo(key), { policy: { retain_text: 'artifact' } })
    await decide(scenario)
    const bytes = await readAll()
    expect(bytes).toContain('text [redacted]')
    expect(bytes).toContain('f_[redacted]')
    expect(bytes + log.lines.join('\n')).not.toContain(key)
  })

  it.each([401, 500])(
    'lets no key that an endpoint echoes with status %d reach the error',
    async (status) => {
      const { scenario } = await open(() => ({ status, body: { error: { message: `bad key ${key}` } } }))
      const error = await takeRefusal(() => scenario.run())
      expect(error.message).toContain('bad key [redacted]')
      expect(`${error.message} ${error.remedy} ${error.stack} ${String(error.cause)}`).not.toContain(key)
    },
  )
})
