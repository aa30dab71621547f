import { describe, expect, it } from '@jest/globals'
import { clientFactory } from '../../src/adapters/clients.ts'
import { type ClientFactory, createConnector, listKeys } from '../../src/connect.ts'
import { GateError } from '../../src/errors.ts'
import { nameKeyVariable, parseEndpoints } from '../../src/replay/address.ts'
import { startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { createScriptedClient } from '../fakes/scripted-client.ts'

function open(lines: string[], environment: Record<string, string> = {}, factory?: ClientFactory) {
  const made: unknown[] = []
  const log = createRecordingLog()
  const recorder: ClientFactory = {
    async connectEndpoint({ url, key, onFallback }) {
      made.push({ url, key })
      onFallback('fell back')
      return createScriptedClient(() => 'live')
    },
    async openRecording(path) {
      made.push({ path })
      return createScriptedClient(() => 'recorded', { kind: 'recorded', sha256: 'aa' })
    },
  }
  const connect = createConnector({
    endpoints: parseEndpoints(lines),
    environment,
    factory: factory ?? recorder,
    clock: createFakeClock(),
    log,
    remedy: 'give it',
  })
  return { connect, made, log }
}

describe('createConnector', () => {
  it('gives each endpoint its own key, trimmed, and none where there is none', async () => {
    const { connect, made } = open(
      ['candidate=https://a.example/v1', 'baseline=https://b.example/v1', 'judge=https://c.example/v1'],
      { CHECKPOINT_GATE_KEY_CANDIDATE: ' sk-a\n', CHECKPOINT_GATE_KEY_JUDGE: ' ', OPENAI_API_KEY: 'sk-x' },
    )
    for (const name of ['candidate', 'baseline', 'judge']) await connect(name)
    expect(made).toEqual([
      { url: 'https://a.example/v1', key: 'sk-a' },
      { url: 'https://b.example/v1', key: null },
      { url: 'https://c.example/v1', key: null },
    ])
  })

  it('opens a recording by its path, without a key', async () => {
    const { connect, made } = open(['candidate=recorded:a.jsonl'], { CHECKPOINT_GATE_KEY_CANDIDATE: 'sk-a' })
    expect((await connect('candidate')).source.kind).toBe('recorded')
    expect(made).toEqual([{ path: 'a.jsonl' }])
  })

  it('says which endpoint has no address, and what to do', async () => {
    const { connect } = open(['candidate=https://a.example/v1'])
    const error = await connect('judge').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GateError)
    expect(error).toMatchObject({ message: 'endpoint "judge" has no address', remedy: 'give it' })
  })

  it('logs a fallback', async () => {
    const { connect, log } = open(['candidate=https://a.example/v1'])
    await connect('candidate')
    expect(log.lines).toEqual(['info: fell back'])
  })

  it('makes real clients that send the key to their own endpoint only', async () => {
    const endpoints = await Promise.all(
      ['candidate', 'judge'].map(() => startChatEndpoint({ reply: () => ({ text: 'hi' }) })),
    )
    try {
      const [candidate, judge] = endpoints
      const { connect } = open(
        [`candidate=${candidate?.url}`, `judge=${judge?.url}/`],
        { CHECKPOINT_GATE_KEY_CANDIDATE: 'sk-a', CHECKPOINT_GATE_KEY_JUDGE: 'sk-b' },
        clientFactory,
      )
      for (const name of ['candidate', 'judge']) {
        const client = await connect(name)
        const messages = [{ role: 'user' as const, content: 'x' }]
        const request = { customId: 'c#1', model: 'm', messages }
        expect(await client.complete(request, new AbortController().signal)).toMatchObject({ text: 'hi' })
      }
      expect(candidate?.log.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-a'])
      expect(judge?.log.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-b'])
    } finally {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()))
    }
  })
})

describe('the keys of an environment', () => {
  it('are named after their endpoints', () => {
    expect(nameKeyVariable('candidate')).toBe('CHECKPOINT_GATE_KEY_CANDIDATE')
    expect(nameKeyVariable('second-judge')).toBe('CHECKPOINT_GATE_KEY_SECOND_JUDGE')
  })

  it('are all listed as they are sent, so that they can be masked', () => {
    const environment = {
      CHECKPOINT_GATE_KEY_CANDIDATE: 'sk-a\n',
      CHECKPOINT_GATE_KEY_OTHER: 'sk-b',
      CHECKPOINT_GATE_KEY_EMPTY: ' ',
      CHECKPOINT_GATE_KEY_UNSET: undefined,
      OPENAI_API_KEY: 'sk-c',
    }
    expect(listKeys(environment)).toEqual(['sk-a', 'sk-b'])
  })
})
