import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type RealismWords, runRealism } from '../../src/commands/realism.ts'
import { parseRealismResult } from '../../src/policy/realism-result.ts'
import { type ChatEndpoint, type ChatScript, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { choose } from '../realism/discriminators.ts'
import { makePairs, writePairs } from '../realism/pairs.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const endpoints: ChatEndpoint[] = []
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close()
})

async function writeFolder(count = 30): Promise<{ folder: string; file: string }> {
  const folder = await makeFolder()
  const file = join(folder, 'pairs.jsonl')
  await writeFile(file, writePairs(makePairs(count)).text)
  return { folder, file }
}

/** Picks the longer rollout; what is as long is the second. */
const pickLonger: ChatScript = ({ messages }) => {
  const [, first = '', second = ''] =
    /<first-\w+>([\s\S]*)<\/first-\w+>\n<second-\w+>([\s\S]*)<\/second-/.exec(String(messages[1]?.content)) ??
    []
  return { text: choose(first.length > second.length ? 'first' : 'second'), model: 'disc-1-2026' }
}

async function serve(reply: ChatScript = pickLonger): Promise<ChatEndpoint> {
  const endpoint = await startChatEndpoint({ reply })
  endpoints.push(endpoint)
  return endpoint
}

async function run(file: string, words: Partial<RealismWords> = {}) {
  const printed: string[] = []
  const exitCode = await runRealism(
    {
      file,
      endpoints: [],
      fast: false,
      controls: '20',
      seed: 'test',
      permutations: '39',
      json: false,
      cancelled: new AbortController().signal,
      ...words,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return { exitCode, text: printed.join('\n') }
}

describe('realism', () => {
  it('asks the discriminator alone, prints a table and writes a result that a policy can name', async () => {
    const { folder, file } = await writeFolder()
    const { url, log } = await serve()
    const out = join(folder, 'results', 'realism.json')
    const { exitCode, text } = await run(file, {
      endpoints: [`discriminator=${url}`],
      model: 'disc-1',
      out,
    })
    expect(exitCode).toBe(0)
    expect(log).toHaveLength(100)
    expect(JSON.parse(log[0]?.raw ?? '')).toMatchObject({
      model: 'disc-1',
      response_format: { type: 'json_schema' },
    })
    expect(text).toContain('Discriminator: disc-1, answered as disc-1-2026 (100); 100 requests')
    expect(text).toContain(`Result: ${out}`)
    const result = parseRealismResult({ file: out, text: await readFile(out, 'utf8') })
    expect(result.of).toEqual({ simulator: null, database: null, policy: null })
    expect(result.discriminator).toMatchObject({ model: 'disc-1', win_rate: { pairs: 30, missing: 0 } })
    expect(result.limits).toEqual({ lower: 0.45, upper: 0.55 })
  })

  it('asks nobody with --fast, and prints JSON', async () => {
    const { file } = await writeFolder()
    const { exitCode, text } = await run(file, { fast: true, json: true, within: '40%..60%' })
    expect(exitCode).toBe(0)
    const result = parseRealismResult({ file: 'printed', text })
    expect(result).toMatchObject({ discriminator: null, limits: { lower: 0.4, upper: 0.6 } })
    expect(result.automatic.permutations).toBe(39)
  })

  it.each([
    ['no model', {}, 'it is not said which model the discriminator is'],
    ['a model without an address', { model: 'disc-1' }, 'endpoint "discriminator" has no address'],
    ['a model with --fast', { fast: true, model: 'disc-1' }, 'with --fast no model is asked'],
    [
      'an endpoint with --fast',
      { fast: true, endpoints: ['discriminator=http://127.0.0.1:9'] },
      'with --fast no model is asked',
    ],
    ['no pairs', { fast: true, pairs: '0' }, '"0" is no number for --pairs'],
    ['half a control', { fast: true, controls: '0.5' }, '"0.5" is no number for --controls'],
    ['too few permutations', { fast: true, permutations: '10' }, '"10" is no number for --permutations'],
    ['limits on one side', { fast: true, within: '51%..55%' }, '50 % does not lie between the limits'],
    ['one limit', { fast: true, within: '45%' }, '"45%" is no pair of limits'],
    ['bare limits', { fast: true, within: '0.45..0.55' }, 'is no pair of limits'],
  ] as [string, Partial<RealismWords>, string][])('refuses %s', async (_, words, message) => {
    const { file } = await writeFolder(3)
    expect((await takeRefusal(() => run(file, words))).message).toContain(message)
  })

  it('refuses a file that is not there, is not UTF-8, or has no pairs', async () => {
    const { folder, file } = await writeFolder(1)
    const fast = { fast: true }
    expect(await takeRefusal(() => run(join(folder, 'gone.jsonl'), fast))).toMatchObject({ code: 'usage' })
    await writeFile(file, Buffer.from('{"id": "caf\u00e9"}', 'latin1'))
    expect(await takeRefusal(() => run(file, fast))).toMatchObject({ message: 'the text is not UTF-8' })
    await writeFile(file, '\n')
    expect(await takeRefusal(() => run(file, fast))).toMatchObject({ code: 'realism', where: { file } })
  })

  it('reads choices from a recording, by the names of the requests', async () => {
    const { folder, file } = await writeFolder(8)
    const recording = join(folder, 'choices.jsonl')
    const lines = makePairs(8).flatMap(({ id }) =>
      ['real-first', 'simulated-first'].map((order) =>
        JSON.stringify({
          custom_id: `${id}|realism|${order}`,
          response: {
            status_code: 200,
            body: {
              model: 'disc-1',
              choices: [
                {
                  message: {
                    role: 'assistant',
                    content: choose(order === 'real-first' ? 'first' : 'second'),
                  },
                  finish_reason: 'stop',
                },
              ],
            },
          },
        }),
      ),
    )
    await writeFile(recording, `${lines.join('\n')}\n`)
    const words = {
      endpoints: [`discriminator=recorded:${recording}`],
      model: 'disc-1',
      controls: '0',
      json: true,
    }
    const result = parseRealismResult({ file: 'printed', text: (await run(file, words)).text })
    expect(result.discriminator?.win_rate).toMatchObject({ lost: 8, missing: 0 })
    expect(result.discriminator?.reason).toBe('no-control')
  })
})

describe('the command', () => {
  const execute = (words: string[]) =>
    new Promise<{ code: number | null; output: string }>((done) => {
      const child = spawn(process.execPath, [resolve(root, 'src/cli.ts'), ...words], { cwd: root })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes) => (output += String(bytes)))
      child.on('close', (code) => done({ code, output }))
    })

  it('ends with 0 where it has measured, whatever it shows, and with 3 where it has no result', async () => {
    const { file } = await writeFolder(10)
    const measured = await execute(['realism', file, '--fast', '--permutations', '39'])
    expect(measured).toMatchObject({
      code: 0,
      output: expect.stringContaining('Automatic: a logistic regression'),
    })
    const { url } = await serve(() => ({ text: 'I would rather not.' }))
    const words = ['realism', file, '--endpoint', `discriminator=${url}`, '--model', 'disc-1']
    expect(await execute(words)).toMatchObject({
      code: 3,
      output: expect.stringContaining('NO VERDICT: the discriminator chose in both orders of no pair'),
    })
    expect(await execute(['realism', 'pairs', file])).toMatchObject({ code: 3 })
    expect((await execute(['realism', 'pairs', '--help'])).output).toContain('--arm <arm>')
  }, 60_000)
})
