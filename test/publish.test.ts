import { describe, expect, it } from '@jest/globals'
import { deliver, type Sinks, writeReports } from '../src/publish.ts'
import { writeRecord } from '../src/record/store.ts'
import { createMemoryDirectory, type MemoryDirectory } from './fakes/memory-directory.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { makeReport, prices } from './report/fixture.ts'

const events = { id: 'rude', baseline: { events: 1 }, candidate: { events: 3 } }

/** A run that was decided, in a directory. */
async function publish(
  retainText: 'none' | 'artifact',
  directory = createMemoryDirectory(),
  keep?: string[],
) {
  const { record, estimates, verdict } = makeReport({
    turns: 40,
    categories: [events],
    change: (summary) => ({ ...summary, retainText }),
  })
  await writeRecord(directory, record)
  await writeReports(directory, { record, estimates, verdict, prices }, keep)
  return directory
}

async function upload(directory: MemoryDirectory): Promise<string[]> {
  let uploaded: string[] = []
  const log = createRecordingLog()
  const sinks: Sinks = {
    pullRequest: null,
    summary: { write: async () => undefined },
    artifacts: {
      async upload({ files }) {
        uploaded = files
      },
    },
    log,
  }
  await deliver(sinks, { comment: null, summary: '', artifact: { name: 'a', directory } })
  return uploaded
}

describe('what people should read', () => {
  it('is a file of the run directory, with the flags of both arms', async () => {
    const { files } = await publish('none')
    const lines = files.get('review.csv')?.trimEnd().split('\n') ?? []
    expect(lines).toHaveLength(5)
    expect(lines[1]).toBe('rude,baseline,conversation-0#2,flag,present,,,')
    expect(files.get('report.html')).toContain('<summary>4 items to read</summary>')
  })

  it('is uploaded with the other files, empty ones too, none of which is read as a whole for that', async () => {
    const directory = await publish('artifact')
    directory.files.set('known.jsonl', '')
    const read: string[] = []
    const watched: MemoryDirectory = {
      ...directory,
      read(name) {
        read.push(name)
        return directory.read(name)
      },
    }
    expect(await upload(watched)).toEqual(expect.arrayContaining(['run/known.jsonl', 'run/outcomes.jsonl']))
    expect(await upload(watched)).not.toContain('run/journal.jsonl')
    expect(read).toContain('known.jsonl')
    expect(read).not.toContain('outcomes.jsonl')
  })

  it('goes into the artifact where policy keeps text, and stays where it is where it does not', async () => {
    expect(await upload(await publish('artifact'))).toContain('run/review.csv')
    const files = await upload(await publish('none'))
    expect(files).not.toContain('run/review.csv')
    expect(files).toEqual(expect.arrayContaining(['run/record.json', 'run/report.html']))
  })

  it.each([
    ['is not there', undefined],
    ['is no JSON', '{'],
    ['says nothing of it', '{}'],
  ])('stays where it is where the record %s', async (_, record) => {
    const directory = await publish('artifact')
    if (record === undefined) directory.files.delete('record.json')
    else directory.files.set('record.json', record)
    const files = await upload(directory)
    expect(files).not.toContain('run/review.csv')
    expect(files).toContain('run/outcomes.jsonl')
  })

  it('is left as it is where people may have written into it', async () => {
    const directory = createMemoryDirectory([['review.csv', 'filled in']])
    await publish('artifact', directory, ['review.csv'])
    expect(directory.files.get('review.csv')).toBe('filled in')
    directory.files.delete('review.csv')
    await publish('artifact', directory, ['review.csv'])
    expect(directory.files.get('review.csv')).toContain('rude,baseline')
    directory.files.set('review.csv', 'of an earlier run')
    await publish('artifact', directory)
    expect(directory.files.get('review.csv')).toContain('rude,baseline')
  })
})
