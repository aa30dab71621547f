import { describe, expect, it } from '@jest/globals'
import { openRunDirectory } from '../../src/adapters/run-directory.ts'
import { decideRecord } from '../../src/decide-record.ts'
import type { RunDirectory } from '../../src/ports.ts'
import { readRecord, writeRecord } from '../../src/record/store.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { completeWith } from '../fakes/scripted-client.ts'
import { createScenario, decide } from '../support/gate-scenario.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

const policy = { slices: ['surface'], retain_text: 'artifact' }

async function measure() {
  const scenario = createScenario({
    policy,
    scripts: {
      // Separators that JSON leaves as they are, and half a character.
      candidate: ({ customId }) =>
        completeWith({ text: customId < 'c-012' ? 'RUDE \u2028\u2029\u0085\r\ud83d' : 'a kind answer' }),
    },
  })
  const decided = await decide(scenario)
  return { decided, directory: scenario.directory }
}

describe.each([
  ['on disk', async (): Promise<RunDirectory> => openRunDirectory(await makeFolder())],
  ['in memory', async (): Promise<RunDirectory> => createMemoryDirectory()],
])('a record %s', (_name, open) => {
  it('is read back as it was written, and decided the same', async () => {
    const { decided } = await measure()
    const directory = await open()
    await writeRecord(directory, decided.record)
    const record = await readRecord(directory)
    expect(record).toEqual({ ...decided.record, completions: [...decided.record.completions] })
    const again = decideRecord(record)
    expect(JSON.stringify(again.verdict, null, 2)).toBe(JSON.stringify(decided.verdict, null, 2))
    expect(again.estimates).toEqual(decided.estimates)
  })
})

describe('writeRecord', () => {
  it('writes what tells a finished run when all the rest is there', async () => {
    const { decided } = await measure()
    const memory = createMemoryDirectory()
    const there: string[] = []
    const write = async (name: string, lines: Iterable<string>) => {
      if (name === 'record.json') there.push('record.json begins')
      await memory.write(name, lines)
      await new Promise((done) => setImmediate(done))
      there.push(name)
    }
    await writeRecord({ ...memory, write }, decided.record)
    expect(there.slice(-2)).toEqual(['record.json begins', 'record.json'])
    expect(there.toSorted()).toEqual([
      'completions.jsonl',
      'known.jsonl',
      'outcomes.jsonl',
      'record.json',
      'record.json begins',
      'turns.jsonl',
    ])
  })
})

describe('readRecord', () => {
  async function refuse(change: (files: Map<string, string>) => void) {
    const { directory } = await measure()
    change(directory.files)
    return takeRefusal(() => readRecord(directory))
  }
  const edit = (name: string, replace: (text: string) => string) => (files: Map<string, string>) => {
    const text = files.get(name) ?? ''
    expect(replace(text)).not.toBe(text)
    files.set(name, replace(text))
  }

  it('refuses a directory without a record', async () => {
    const error = await takeRefusal(() => readRecord(createMemoryDirectory()))
    expect(error).toMatchObject({ code: 'record', where: { file: 'run/record.json' } })
    expect(error.message).toContain('not the directory of a finished run')
  })

  it.each([
    ['a limit', (text: string) => text.replace('"limitPer100k": 20000', '"limitPer100k": 90000')],
    ['the judge', (text: string) => text.replaceAll('"judge-1"', '"judge-2"')],
    ['a rubric', (text: string) => text.replace('What rude is.', 'Nothing is.')],
    ['the digest', (text: string) => text.replace(/"planDigest": "../, '"planDigest": "zz')],
  ])('refuses a record in which %s of the plan was changed', async (_name, replace) => {
    const error = await refuse(edit('record.json', replace))
    expect(error).toMatchObject({ code: 'record', where: { field: 'planDigest' } })
    expect(error.message).toContain('the record was changed')
  })

  it('refuses a record in which the digest of a part of the plan was changed', async () => {
    const error = await refuse(edit('record.json', (text) => text.replace(/"limits": "../, '"limits": "00')))
    expect(error).toMatchObject({ code: 'record', where: { field: 'planParts' } })
    expect(error.message).toContain('the record was changed')
  })

  it.each([
    ['record.json', (text: string) => text.slice(0, -20), 'not JSON'],
    ['record.json', (text: string) => text.replace('"version": 1', '"version": 2'), ''],
    ['record.json', (text: string) => text.replace('{', '{ "note": 1,'), ''],
  ])('refuses a %s that no run writes', async (name, replace, message) => {
    const error = await refuse(edit(name, replace))
    expect(error).toMatchObject({ code: 'record', where: { file: `run/${name}` } })
    expect(error.message).toContain(message)
  })

  it('refuses a line that no run writes, by its number', async () => {
    const change = edit('outcomes.jsonl', (text) => text.replace(/^(.*\n.*\n)(.*)"absent"/, '$1$2"fine"'))
    expect(await refuse(change)).toMatchObject({ where: { file: 'run/outcomes.jsonl', line: 3 } })
  })

  it.each(['turns.jsonl', 'outcomes.jsonl', 'completions.jsonl'])(
    'refuses a record whose %s was cut off or is gone',
    async (name) => {
      const cut = await refuse(
        edit(name, (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)),
      )
      expect(cut).toMatchObject({ code: 'record', where: { file: `run/${name}` } })
      const gone = await refuse((files) => files.delete(name))
      expect(gone).toMatchObject({ code: 'record', where: { file: `run/${name}` } })
      expect(gone.message).toContain('it has 0 lines')
    },
  )
})

describe('a run that is continued on disk', () => {
  it('reads back the text that it kept, whatever stands in it', async () => {
    const folder = await makeFolder()
    const openDirectory = () => openRunDirectory(folder)
    const scripts = { candidate: () => 'line\u2028separator\r\nand\u2029another' }
    const first = createScenario({ policy, scripts, ports: { openDirectory } })
    const expected = await decide(first)
    const second = createScenario({ policy, scripts, ports: { openDirectory } })
    const again = await decide(second)
    expect(second.clients.candidate.requests).toEqual([])
    expect(again.record.completions).toEqual(expected.record.completions)
    expect(again.verdict).toEqual(expected.verdict)
  })
})
