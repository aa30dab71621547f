import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { readDatabase } from '../../src/adapters/tool-files.ts'
import { type ManifestWords, printManifest } from '../../src/commands/corpus.ts'
import { buildTools, type ToolsWords } from '../../src/commands/corpus-tools.ts'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'
import { makeConversation } from '../tools/call-conversations.ts'

const now = new Date('2026-06-01T00:00:00Z')
const makeFolder = useTemporaryFolders()

function inTrial(trial: number, conversation: Conversation): Conversation {
  return { ...conversation, metadata: { trial } }
}

const trials = [
  inTrial(
    0,
    makeConversation('zero', [
      ['search', '{"q":"a"}', 'found a'],
      ['search', '{"q":"b"}', 'Error: busy'],
      ['book', '{"id":1}', null],
    ]),
  ),
  inTrial(
    1,
    makeConversation('one', [
      ['search', '{ "q": "a" }', 'found a'],
      ['search', '{"q":"c"}', 'found c'],
      ['book', '{"id":1}', 'booked'],
    ]),
  ),
]

async function makeCorpus(): Promise<string> {
  const folder = await makeFolder()
  await writeFile(join(folder, 'calls.jsonl'), trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''))
  return folder
}

/** What the command prints and logs. */
async function run(words: Partial<ToolsWords> & { folder: string }) {
  const printed: string[] = []
  const log = createRecordingLog()
  const defaults = {
    paths: [],
    heldOut: [],
    heldOutWhere: [],
    json: false,
    now,
    repository: words.folder,
    rubrics: root,
  }
  const out = join(words.folder, 'tools')
  await buildTools({ ...defaults, out, ...words }, log, (text) => printed.push(text))
  return { text: printed.join('\n'), log: log.lines, out }
}

describe('corpus tools', () => {
  it('builds a database of the calls in files, and prints what it holds', async () => {
    const folder = await makeCorpus()
    const { text, log, out } = await run({ folder, paths: ['*.jsonl'] })
    expect(log).toEqual([
      "info: calls.jsonl: JSON lines by its name, the gate's own conversations by its first row; 2 conversations, 6 turns",
    ])
    const lines = text.split('\n')
    expect(lines[0]).toBe('2 conversations, 6 calls of 2 tools')
    expect(lines.slice(2, 6).map((line) => line.split(/\s{2,}/))).toEqual([
      ['tool', 'calls', 'distinct', 'errors', 'empty', 'no result', 'verbatim', 'latency p50, p95'],
      ['book', '2', '1', '0', '0', '1', '0', '–'],
      ['search', '4', '3', '1 (25 %)', '0', '0', '0', '–'],
      ['all', '6', '4', '1 (20 %)', '0', '1', '0', '–'],
    ])
    expect(text).not.toContain('held-out')
    const { database, close } = await readDatabase(out)
    close()
    expect(text).toContain(database.digest.slice(0, 16))
    expect(database.tools.map(({ name }) => name)).toEqual(['book', 'search'])
  })

  it('leaves out what is held out by metadata, and says how much of it the rest answers', async () => {
    const folder = await makeCorpus()
    const words = { folder, paths: ['calls.jsonl'], heldOutWhere: ['trial=1'] }
    const { text } = await run(words)
    expect(text).toContain('1 conversations, 3 calls of 2 tools')
    expect(text).toContain('1 of 3 calls (33.3 %) of 1 held-out conversations are in the database')
    const { text: json } = await run({ ...words, json: true })
    expect(JSON.parse(json)).toMatchObject({
      conversations: 1,
      tools: [{ name: 'book' }, { name: 'search', calls: 2, errors: 1 }],
      held_out: {
        conversations: 1,
        all: { calls: 3, hits: 1, compared: 1, same_text: 1, errors_logged: 0, errors_replayed: 0 },
        tools: [
          { name: 'book', calls: 1, hits: 0 },
          { name: 'search', calls: 2, hits: 1 },
        ],
      },
    })
  })

  it('measures files that are held out, and reads a corpus by its manifest', async () => {
    const folder = await makeCorpus()
    const more = makeConversation('more', [
      ['search', '{"q":"a"}', 'something else'],
      ['search', '{"q":"b"}', 'found b'],
      ['\u001b[31mnew', '{}', 'x'],
    ])
    await writeFile(join(folder, 'more.jsonl'), JSON.stringify(more))
    const { text } = await run({ folder, paths: ['calls.jsonl'], heldOut: ['more.jsonl'], json: true })
    expect(JSON.parse(text).held_out.all).toEqual({
      calls: 3,
      hits: 2,
      compared: 2,
      same_text: 0,
      errors_logged: 0,
      errors_replayed: 1,
    })
    const table = await run({ folder, paths: ['calls.jsonl'], heldOut: ['more.jsonl'] })
    expect(table.text).not.toContain('\u001b')
    const manifest = await writeManifest(folder)
    const again = await run({ folder, manifest, heldOut: ['more.jsonl'], json: true })
    expect(again.text).toBe(text)
  })

  it('leaves out conversations that must not be replayed, and says how many', async () => {
    const folder = await makeFolder()
    const make = (id: string, more: Partial<Conversation>) => ({
      ...makeConversation(id, [['search', `{"q":"${id}"}`, 'found']]),
      consent: true,
      ...more,
    })
    const rows = [
      make('kept', {}),
      make('unasked', { consent: false }),
      make('old', { expires_at: '2026-05-31T00:00:00Z' }),
      make('gone', {}),
    ]
    await writeFile(join(folder, 'calls.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    await writeFile(join(folder, 'forget.txt'), 'gone\n')
    const manifest = await writeManifest(folder, { consent: 'required', tombstones: 'forget.txt' })
    const { text } = await run({ folder, manifest, json: true })
    expect(JSON.parse(text)).toMatchObject({
      conversations: 1,
      left_out: { erased: 1, no_consent: 1, expired: 1 },
    })
    const table = await run({ folder, manifest })
    expect(table.text).toContain('1 conversations, 1 calls of 1 tools')
    expect(table.text).toContain('1 conversations have expired and are left out.')
    await expect(run({ folder, manifest, repository: join(folder, 'tools') })).rejects.toMatchObject({
      message: 'the list of tombstones "forget.txt" is not in the repository',
    })
  })

  it('writes nothing where the corpus is not what its manifest says', async () => {
    const folder = await makeCorpus()
    const manifest = await writeManifest(folder)
    await writeFile(join(folder, 'calls.jsonl'), `${JSON.stringify(trials[0])}\n`)
    await mkdir(join(folder, 'tools'))
    await expect(run({ folder, manifest })).rejects.toMatchObject({
      code: 'corpus',
      where: { file: 'calls.jsonl' },
    })
    expect(await readdir(join(folder, 'tools'))).toEqual([])
  })

  it.each([
    ['neither files nor a manifest', {}, 'the conversations come either from files or from a manifest'],
    [
      'both',
      { paths: ['calls.jsonl'], manifest: 'manifest.json' },
      'the conversations come either from files or from a manifest',
    ],
    [
      'a condition without a value',
      { paths: ['calls.jsonl'], heldOutWhere: ['trial'] },
      '"trial" is no key=value',
    ],
    [
      'a condition that nothing fits',
      { paths: ['calls.jsonl'], heldOutWhere: ['trial=9'] },
      'no conversation is held out',
    ],
  ])('refuses %s', async (_name, words, message) => {
    const folder = await makeCorpus()
    await expect(run({ folder, ...words })).rejects.toMatchObject({ code: 'usage', message })
  })

  it('is a command, whose errors name what to do', async () => {
    const folder = await makeCorpus()
    const words = ['tools', '--dir', folder, '--out', join(folder, 'tools')]
    const { stdout } = await runCli([...words, 'calls.jsonl', '--held-out-where', 'trial=1'])
    expect(stdout).toContain('1 of 3 calls (33.3 %)')
    await expect(runCli([...words, 'nothing.jsonl'])).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('nothing.jsonl: the corpus file is not in'),
    })
  })
})

/** Writes the manifest of `calls.jsonl`; its path. */
async function writeManifest(folder: string, rules: Partial<ManifestWords> = {}): Promise<string> {
  const manifest = join(folder, 'manifest.json')
  const printed: string[] = []
  await printManifest(
    { name: 'c', folder, paths: ['calls.jsonl'], rubrics: root, ...rules },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  await writeFile(manifest, printed.join(''))
  return manifest
}

function runCli(words: readonly string[]) {
  return promisify(execFile)(process.execPath, [
    '--no-warnings',
    resolve(root, 'src/cli.ts'),
    'corpus',
    ...words,
  ])
}
