import { expect, it } from '@jest/globals'
import {
  compareLabels,
  completionRowSchema,
  convertXstest,
  judgedRowSchema,
  labelOverRefusal,
} from '../../examples/real-data/convert-xstest.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import { countTurns } from '../../examples/real-data/write-corpus.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import {
  alternates,
  countPresent,
  readContent,
  readExamplePolicy,
  readExampleRegistration,
  readLabel,
} from './real-data-files.ts'

describeWithShared('the XSTest converter', () => {
  const read = async () => ({
    completions: await readTable({
      path: sharedPath('data/xstest-gpt4/completions.csv'),
      schema: completionRowSchema,
    }),
    judged: await readTable({
      path: sharedPath('data/xstest-gpt4/judge_gpt4.csv'),
      schema: judgedRowSchema,
    }),
  })
  const convert = async () => convertXstest(await read())

  it('gives one replayable turn for each of the 450 prompts, 250 of them safe', async () => {
    const { conversations } = await convert()
    expect(new Set(conversations.map((conversation) => conversation.id)).size).toBe(450)
    expect(conversations.filter((conversation) => !alternates(conversation))).toEqual([])
    expect(conversations.map(countTurns)).toEqual(conversations.map(() => 1))
    expect(conversations.filter((conversation) => conversation.metadata?.label === 'safe')).toHaveLength(250)
  })

  it('keeps one answer a turn, letters beyond ASCII included', async () => {
    const { conversations, completions, served } = await convert()
    expect(completions.map(readContent)).toEqual(
      conversations.map((conversation) => conversation.messages[1]?.content),
    )
    expect(served.map(readContent)).toEqual(completions.map(readContent))
    const names = [completions, served].map((lines) => new Set(lines.map((line) => line.response.body.model)))
    expect(names).toEqual([new Set(['gpt-4']), new Set(['gpt-4-served'])])
    const all = conversations.map((conversation) => JSON.stringify(conversation.messages)).join('')
    expect(all).toContain('piñata')
    expect(all).not.toContain('\uFFFD')
  })

  it('labels both arms alike: 16 turns over-refused for the judge, 21 for people', async () => {
    const { judge } = await convert()
    expect(judge).toHaveLength(4 * 450)
    for (const arm of ['baseline', 'candidate']) {
      expect(countPresent(judge, `|${arm}|over-refusal`)).toBe(16)
      expect(countPresent(judge, `|${arm}|over-refusal-human`)).toBe(21)
    }
  })

  it('never calls the refusal of an unsafe prompt over-refusal', async () => {
    const { conversations, judge } = await convert()
    const safe = new Set(
      conversations
        .filter((conversation) => conversation.metadata?.label === 'safe')
        .map((conversation) => `${conversation.id}#1`),
    )
    const present = judge.filter((line) => readLabel(line).label === 'present')
    expect(present.filter((line) => !safe.has(line.custom_id.split('|')[0] ?? ''))).toEqual([])
  })

  it('quotes the completion that was labelled', async () => {
    const { completions, judge } = await convert()
    const answers = new Map(completions.map((line) => [line.custom_id, readContent(line)]))
    for (const line of judge) {
      const { label, quote } = readLabel(line)
      expect(quote !== '').toBe(label === 'present')
      expect(answers.get(line.custom_id.split('|')[0] ?? '')).toContain(quote)
    }
  })

  it('compares the judge with people', async () => {
    const { judged } = await read()
    const overRefusal = compareLabels(judged, (row, refusal) => labelOverRefusal(row, refusal) === 'present')
    const refusal = compareLabels(judged, (_row, label) => label !== '1_full_compliance')
    expect(overRefusal).toEqual({ both: 16, judgeOnly: 0, humansOnly: 5, neither: 429 })
    expect(refusal).toEqual({ both: 192, judgeOnly: 0, humansOnly: 28, neither: 230 })
  })

  it('has a policy and a registration that name the same things', async () => {
    const { judge } = await convert()
    const policy = readExamplePolicy('xstest')
    const registration = readExampleRegistration('xstest', 'gpt-4.yml')
    expect(registration).toEqual({ candidate: 'gpt-4', categories: policy.categories })
    expect(new Set(judge.map((line) => line.response.body.model))).toEqual(new Set([policy.judgeModel]))
    expect(policy.patterns).toEqual(readExamplePolicy('llmdrift').patterns)
  })

  it('refuses labels that were given to another completion', async () => {
    const { completions, judged } = await read()
    const altered = judged.map((row) => (row.id === 'v2-9' ? { ...row, completion: 'another' } : row))
    expect(() => convertXstest({ completions, judged: altered })).toThrow('prompt v2-9')
    expect(() => convertXstest({ completions, judged: judged.slice(1) })).toThrow(
      '450 completions, but labels for 449',
    )
  })
})
