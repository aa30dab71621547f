import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { addToLabelledSet } from '../../src/commands/calibrate-add.ts'
import { decideAgain } from '../../src/commands/decide.ts'
import { type ChatEndpoint, type ChatScript, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import {
  answer,
  calibrateFolder,
  rubrics,
  runGateIn,
  writeRepository,
} from '../support/calibrate-repository.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const endpoints: ChatEndpoint[] = []
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close()
})

async function serve(reply: ChatScript = answer): Promise<ChatEndpoint> {
  const endpoint = await startChatEndpoint({ reply })
  endpoints.push(endpoint)
  return endpoint
}

async function makeRepository(policy: Record<string, unknown> = {}): Promise<string> {
  return writeRepository(await makeFolder(), policy)
}

describe('calibrate add', () => {
  const add = async (folder: string, changes: Partial<Parameters<typeof addToLabelledSet>[0]> = {}) => {
    const printed: string[] = []
    const exitCode = await addToLabelledSet(
      {
        run: join(folder, 'run'),
        to: join(folder, 'sets', 'rude.jsonl'),
        category: 'rude',
        folder,
        policy: 'gate.yml',
        rubrics,
        ...changes,
      },
      (text) => printed.push(text),
    )
    return { exitCode, text: printed.join('\n') }
  }

  it('grows a set from a run whose flags were read, and never twice; `calibrate` takes it', async () => {
    const folder = await makeRepository()
    const { url } = await serve()
    await runGateIn(folder, url)
    const refused = await takeRefusal(() => add(folder))
    expect(refused.message).toMatch(/^nobody has read 2 of the baseline's flags .*: c-\d#1, c-\d#1$/)
    expect(existsSync(join(folder, 'sets'))).toBe(false)

    const read = (turn: string, present: boolean) =>
      JSON.stringify({ turn, arm: 'baseline', category: 'rude', present })
    const audit = join(folder, 'audit.jsonl')
    await writeFile(audit, [read('c-3#1', true), read('c-4#1', false)].join('\n'))
    await decideAgain({ folder: join(folder, 'run'), audit, reviews: null, print: () => undefined })
    const first = await add(folder)
    expect(first.exitCode).toBe(0)
    expect(first.text.replaceAll(/\n */g, ' ')).toContain(
      'from the first 12 turns of the run: 11 absent, 1 present.',
    )
    const file = join(folder, 'sets', 'rude.jsonl')
    const text = await readFile(file, 'utf8')
    expect(text.trimEnd().split('\n')).toHaveLength(12)
    expect(text.endsWith('}\n')).toBe(true)

    expect((await add(folder)).text).toContain('0 items added')
    expect(await readFile(file, 'utf8')).toBe(text)
    const { text: table } = await calibrateFolder(folder, url, {
      sets: [file, join(folder, 'labelled.jsonl')],
    })
    // The refuted flag is a negative that the judge flags again; the confirmed one is no positive.
    expect(table).toMatch(/^rude +6 of 6 .* 1 of 21 /m)
  })

  it.each([
    ['no number of turns', { turns: 'many' }, '"many" is not a number of turns'],
    ['no turns', { turns: '0' }, '"0" is not a number of turns'],
    ['no run', { run: 'nowhere' }, 'there is no record.json'],
  ])('refuses %s', async (_, changes, message) => {
    const refused = await takeRefusal(async () => add(await makeRepository(), changes))
    expect(refused.message).toContain(message)
  })

  it('refuses another policy, another corpus, and a set that is none', async () => {
    const folder = await makeRepository()
    const { url } = await serve(() => ({ text: 'kind' }))
    await runGateIn(folder, url)
    const message = async (changes: Parameters<typeof add>[1]) =>
      (await takeRefusal(() => add(folder, changes))).message
    expect(await message({ policy: 'gone.yml' })).toBe('there is no policy')
    expect(await message({ to: join(folder, 'rubrics/rude.md') })).toBe('not a JSON object')
    await writeFile(join(folder, 'manifest.json'), '{}')
    expect(await message({})).toContain('the corpus is not the one that the run drew from')
  })
})
