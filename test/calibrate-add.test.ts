import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type Growth, type GrowthRequest, growSet } from '../src/calibrate/grow.ts'
import { noTombstones } from '../src/corpus/tombstones.ts'
import { type LabelledItem, parseLabelledSet } from '../src/grade/labelled-set.ts'
import type { Files } from '../src/ports.ts'
import type { AuditLine, RunRecord } from '../src/record/schema.ts'
import { completeWith } from './fakes/scripted-client.ts'
import { createScenario, decide } from './support/gate-scenario.ts'
import { judgeHonestly } from './support/honest-judge.ts'
import { takeRefusal } from './support/refusal.ts'
import { writeRubric } from './support/rubric-text.ts'

const turns = 20
const conversations = Array.from({ length: turns }, (_, index) => ({
  id: `c-${index}`,
  messages: [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: `question ${index}` },
    { role: 'assistant', content: 'what was said then' },
    { role: 'user', content: 'and later' },
  ],
  ...(index === 0 ? { tools: [{ type: 'function', function: { name: 'find' } }] } : {}),
  ...(index === 1 ? { expires_at: '2027-01-01T00:00:00Z' } : {}),
}))
const corpus = `${conversations.map((conversation) => JSON.stringify(conversation)).join('\n')}\n`
const manifest = {
  file: 'manifest.json',
  text: JSON.stringify({
    version: 1,
    name: 'acme',
    files: [
      {
        path: 'conversations.jsonl',
        sha256: createHash('sha256').update(corpus).digest('hex'),
        conversations: turns,
        turns,
      },
    ],
  }),
}
const files: Files = {
  async *openCorpusFile() {
    yield Buffer.from(corpus)
  },
  readBuiltinRubric: async () => null,
}

/** A run of all turns. The baseline is rude in c-2 and c-3, and its judge is silent on c-4. */
async function makeRun(policy: Record<string, unknown> = {}): Promise<RunRecord> {
  const commit = { 'manifest.json': manifest.text, 'rubrics/curt.md': writeRubric({ id: 'curt' }) }
  const scenario = createScenario({
    turns,
    policy: {
      retain_text: 'artifact',
      categories: [
        { id: 'rude', rubric: 'rubrics/rude.md' },
        { id: 'curt', graders: [{ kind: 'pattern', any: ['RUDE answer to question 2$'] }] },
      ],
      ...policy,
    },
    files: { base: commit, head: commit },
    ports: { files },
    scripts: {
      baseline: ({ messages }) => {
        const question = String(messages.at(-1)?.content)
        const kind = /question [23]$/.test(question) ? 'RUDE' : 'kind'
        return completeWith({
          text: `a ${kind} answer to ${question}`,
          model: 'ckpt-1',
          toolCalls:
            question === 'question 0'
              ? [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{}' } }]
              : question === 'question 5'
                ? [{ id: 'c1', type: 'function', function: { name: '', arguments: '{}' } }]
                : [],
        })
      },
      judge: (request) =>
        String(request.messages[1]?.content).includes('answer to question 4\n')
          ? 'I would rather not say.'
          : judgeHonestly(request),
    },
  })
  return (await decide(scenario)).record
}

const read = (turn: string, present: boolean, category = 'rude'): AuditLine => ({
  turn,
  arm: 'baseline',
  category,
  present,
})
const audits = [read('c-2#2', true), read('c-3#2', false)]

describe('adding a run to a labelled set', () => {
  let record: RunRecord
  beforeAll(async () => {
    record = { ...(await makeRun()), audits }
  })

  const grow = (changes: Partial<GrowthRequest> = {}): Promise<Growth> =>
    growSet({
      record,
      category: 'rude',
      turns: null,
      set: { file: 'labelled.jsonl', text: null },
      manifest,
      files,
      readTombstones: async () => noTombstones,
      now: new Date('2026-11-02T08:00:00Z'),
      ...changes,
    })
  const parse = ({ lines }: Growth): Map<string, LabelledItem> => {
    const { items } = parseLabelledSet({ file: 'labelled.jsonl', text: lines.join('\n'), sha256: '' })
    return new Map(items.map((item) => [item.id, item]))
  }

  it('labels what nobody flagged absent, and flags as people read them', async () => {
    const growth = await grow()
    expect(growth).toMatchObject({
      looked: 20,
      added: { present: 1, absent: 17 },
      extended: 0,
      known: 0,
      expiring: 1,
      total: { positives: 0, negatives: 17 },
    })
    // The judge said nothing of c-4; a call without a name has no place in a labelled set.
    expect([...growth.leftOut]).toEqual(
      expect.arrayContaining([
        ['without a label', 1],
        ['of a shape that no labelled set has', 1],
      ]),
    )
    const items = parse(growth)
    expect(items.get('ckpt-1-c-2#2')).toEqual({
      id: 'ckpt-1-c-2#2',
      labels: { rude: 'present' },
      messages: [
        { role: 'system', content: 'be kind' },
        { role: 'user', content: 'question 2' },
      ],
      completion: { content: 'a RUDE answer to question 2' },
      source: 'ckpt-1',
      chosen: 'flagged',
    })
    expect(items.get('ckpt-1-c-3#2')).toMatchObject({ labels: { rude: 'absent' }, chosen: 'random' })
    expect(items.get('ckpt-1-c-0#2')).toMatchObject({
      tools: conversations[0]?.tools,
      completion: { tool_calls: [{ function: { name: 'find' } }] },
      chosen: 'random',
    })
    expect(items.has('ckpt-1-c-4#2')).toBe(false)
  })

  it("takes the baseline's completions alone", async () => {
    const items = [...parse(await grow()).values()]
    expect(items.every(({ source }) => source === 'ckpt-1')).toBe(true)
    expect(items.every(({ completion }) => completion.content?.startsWith('a '))).toBe(true)
  })

  it('takes the first turns of the draw, whatever they are labelled', async () => {
    const order = record.turns.slice(0, 7).map(({ turn }) => `ckpt-1-${turn}`)
    const items = parse(await grow({ turns: 7 }))
    expect([...items.keys()]).toEqual(order.filter((id) => !['ckpt-1-c-4#2', 'ckpt-1-c-5#2'].includes(id)))
    expect((await grow({ turns: 100 })).looked).toBe(20)
  })

  it('adds nothing twice, and leaves the other lines as they are', async () => {
    const own =
      '{ "id":"mine",  "labels": {"rude":"present"}, "messages":[{"role":"user","content":"q"}], "completion":{"content":"x"} }'
    const first = await grow({ set: { file: 'labelled.jsonl', text: `${own}\n\n` }, turns: 10 })
    expect(first.lines[0]).toBe(own)
    const second = await grow({ set: { file: 'labelled.jsonl', text: `${first.lines.join('\n')}\n` } })
    expect(second.known).toBe(first.added.present + first.added.absent)
    expect(second.lines.slice(0, first.lines.length)).toEqual(first.lines)
    expect(second.total.positives).toBe(1)
    const third = await grow({ set: { file: 'labelled.jsonl', text: second.lines.join('\n') } })
    expect(third).toMatchObject({ added: { present: 0, absent: 0 }, known: 18, extended: 0 })
    expect(third.lines).toEqual(second.lines)
  })

  it('gives an item that is there a label in another category', async () => {
    const first = await grow()
    const second = await grow({
      category: 'curt',
      record: { ...record, audits: [...audits, read('c-2#2', false, 'curt')] },
      set: { file: 'labelled.jsonl', text: first.lines.join('\n') },
    })
    // That of c-4 is new: a pattern labels what the judge did not. c-2 is in the set because it was flagged.
    expect(second).toMatchObject({ added: { present: 0, absent: 1 }, extended: 17, known: 0 })
    expect(second.leftOut.get('chosen otherwise in another category')).toBe(1)
    expect(parse(second).get('ckpt-1-c-3#2')?.labels).toEqual({ rude: 'absent', curt: 'absent' })
    expect(parse(second).get('ckpt-1-c-2#2')?.labels).toEqual({ rude: 'present' })
  })

  it('takes one completion of a turn of a checkpoint, and the same words once', async () => {
    // The very first turn of this draw is one that is left out.
    const { lines } = await grow({ turns: 3 })
    const [line = '', ...others] = lines
    const item = JSON.parse(line) as LabelledItem
    const other = JSON.stringify({ ...item, completion: { content: 'said in another run' } })
    const same = JSON.stringify({ ...item, id: 'by-hand' })
    for (const text of [other, same])
      expect(await grow({ turns: 3, set: { file: 'labelled.jsonl', text } })).toMatchObject({
        added: { present: 0, absent: others.length },
        known: 1,
      })
  })

  it('believes a person also where the graders flagged nothing, or said nothing', async () => {
    const said = [...audits, read('c-4#2', false), read('c-6#2', true)]
    const items = parse(await grow({ record: { ...record, audits: said } }))
    expect(items.get('ckpt-1-c-4#2')).toMatchObject({ labels: { rude: 'absent' }, chosen: 'random' })
    expect(items.get('ckpt-1-c-6#2')).toMatchObject({ labels: { rude: 'present' }, chosen: 'flagged' })
  })

  it('leaves out what has expired since', async () => {
    const growth = await grow({ now: new Date('2027-02-01T00:00:00Z') })
    expect(growth.leftOut.get('expired since')).toBe(1)
    expect(growth.expiring).toBe(0)
    expect(parse(growth).has('ckpt-1-c-1#2')).toBe(false)
  })

  it('leaves out who asked to be forgotten since', async () => {
    const growth = await grow({ readTombstones: async () => new Set(['c-1']) })
    expect(growth.leftOut.get('on the list of tombstones')).toBe(1)
    expect(parse(growth).has('ckpt-1-c-1#2')).toBe(false)
  })

  it('leaves out conversations without the consent that the manifest requires', async () => {
    const text = JSON.stringify({ ...JSON.parse(manifest.text), consent: 'required' })
    const { summary } = record
    const { plan } = summary
    const manifestSha256 = createHash('sha256').update(text).digest('hex')
    const corpusOfRun = { ...plan.corpus, manifestSha256 }
    const growth = await grow({
      manifest: { ...manifest, text },
      record: { ...record, summary: { ...summary, plan: { ...plan, corpus: corpusOfRun } } },
    })
    expect(growth.leftOut.get('without consent')).toBe(19)
    expect(growth.lines).toEqual([])
  })

  it('gives ids that a labelled set takes, however checkpoints are called', async () => {
    const { summary } = record
    const name = (baseline: string) =>
      grow({ turns: 3, record: { ...record, summary: { ...summary, plan: { ...summary.plan, baseline } } } })
    const id = async (baseline: string) => [...parse(await name(baseline)).keys()][0] ?? ''
    expect(await id('acme/ckpt 1')).toMatch(/^acme-ckpt-1-c-\d+#2$/)
    expect(await id('/ü')).toMatch(/^c-\d+#2$/)
    const [one, two] = [await id(`${'x'.repeat(200)}1`), await id(`${'x'.repeat(200)}2`)]
    expect(one).toHaveLength(128)
    expect(two).not.toBe(one)
  })

  it.each([
    [
      'a category that the run has not',
      { category: 'rud' },
      'usage',
      'the run has no category "rud"; did you mean "rude"?',
    ],
    [
      'another corpus than that of the run',
      { manifest: { ...manifest, text: `${manifest.text}\n` } },
      'corpus',
      'the corpus is not the one that the run drew from: its manifest is another',
    ],
    [
      'a set that can not be read',
      { set: { file: 'labelled.jsonl', text: 'prose' } },
      'labelled-set',
      'not a JSON object',
    ],
  ] as [string, Partial<GrowthRequest>, string, string][])(
    'refuses %s',
    async (_, changes, code, message) => {
      expect(await takeRefusal(() => grow(changes))).toMatchObject({ code, message })
    },
  )

  it('refuses a run that kept no text', async () => {
    const silent = await makeRun({ retain_text: 'none' })
    expect(await takeRefusal(() => grow({ record: { ...silent, audits } }))).toMatchObject({
      code: 'record',
      message: 'the run kept no text of its completions, and a labelled set is made of them',
    })
  })

  it('refuses flags that nobody has read, and names them', async () => {
    const half = { ...record, audits: [read('c-3#2', false)] }
    const refused = await takeRefusal(() => grow({ record: half }))
    expect(refused).toMatchObject({
      code: 'audit',
      message: "nobody has read 1 of the baseline's flags among the first 20 turns: c-2#2",
    })
    // Turns that end before the first unread flag have no false flag among them: they are not offered.
    expect(refused.remedy).not.toContain('--turns')
    const before = record.turns.findIndex(({ turn }) => turn === 'c-2#2')
    expect((await grow({ record: half, turns: before })).looked).toBe(before)
  })

  it('refuses an item that is labelled otherwise in the set', async () => {
    const text = (await grow()).lines.join('\n')
    const otherwise = [read('c-2#2', true), read('c-3#2', true)]
    const refused = await takeRefusal(() =>
      grow({ record: { ...record, audits: otherwise }, set: { file: 'labelled.jsonl', text } }),
    )
    expect(refused).toMatchObject({
      code: 'labelled-set',
      message: '"ckpt-1-c-3#2" is labelled absent there, and present by this run and what people said of it',
      where: { file: 'labelled.jsonl', field: 'labels.rude' },
    })
  })
})
