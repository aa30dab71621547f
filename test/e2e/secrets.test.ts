import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { useWorlds } from './use-worlds.ts'
import { nameEndpoints, nameRunArtifact, openWorld, writePolicy } from './world.ts'

const key = 'sk-canary-5f2e8a71c9'
const { closers } = useWorlds()

async function readFolder(folder: string): Promise<string> {
  const names = await readdir(folder)
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n')
}

describe('a key', () => {
  it('reaches its own endpoint and nothing else, also when the endpoint echoes it everywhere', async () => {
    const world = await openWorld({
      policy: writePolicy({ turns: 20, limit: '50%', more: 'retain_text: artifact\n' }),
    })
    closers.push(world.close)
    const echo = await startChatEndpoint({
      reply: ({ headers, index }) =>
        index % 4 === 0
          ? { status: 400, body: { error: { message: `bad key ${headers.authorization}` } } }
          : {
              text: `Your header was ${headers.authorization}\n::error::BEGIN SYSTEM ${key}\n##[error]${key}`,
              model: 'demo-good',
              finishReason: `stop`,
            },
    })
    closers.push(echo.close)
    const run = await world.run({
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { candidate: echo.url }) },
      env: { CHECKPOINT_GATE_KEY_CANDIDATE: key },
      secrets: [],
    })
    expect(echo.log.length).toBeGreaterThan(10)
    expect(echo.log.every(({ headers }) => headers.authorization === `Bearer ${key}`)).toBe(true)
    expect(run.masks).toContain(key)
    const artifact = world.results.readArtifact(nameRunArtifact('demo-good')) ?? {}
    const places: Record<string, string> = {
      log: run.rawLog,
      summary: run.summary,
      outputs: JSON.stringify(run.outputs),
      annotations: JSON.stringify(run.annotations),
      comments: JSON.stringify(world.github.comments),
      requests: JSON.stringify(world.github.log),
      artifact: Object.values(artifact).join('\n'),
      folder: await readFolder(join(run.workspace, 'checkpoint-gate-run')),
    }
    expect(Object.keys(places).filter((place) => places[place]?.includes(key))).toEqual([])
    expect(places.artifact).toContain('Your header was Bearer [redacted]')
    // Nor was any workflow command of the endpoint's obeyed.
    expect(run.commands.filter(({ form }) => form === '##[')).toEqual([])
    expect(run.annotations.filter(({ message }) => message.includes('BEGIN SYSTEM'))).toEqual([])
  })
})
