import { expect, it } from '@jest/globals'
import { RE2JS } from 're2js'
import { convertLlmDrift, driftRowSchema } from '../../examples/real-data/convert-llmdrift.ts'
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

describeWithShared('the LLMDrift converter', () => {
  const path = sharedPath('data/llmdrift/SENSITIVEQ_EVAL.csv')
  const readRows = () => readTable({ path, schema: driftRowSchema })
  const convert = async () => convertLlmDrift(await readRows())

  it('gives one replayable turn for each of the hundred questions', async () => {
    const { conversations } = await convert()
    expect(new Set(conversations.map((conversation) => conversation.id)).size).toBe(100)
    expect(conversations.filter((conversation) => !alternates(conversation))).toEqual([])
    expect(conversations.map(countTurns)).toEqual(conversations.map(() => 1))
  })

  it('takes the logged turn and each arm from their own model', async () => {
    const rows = await readRows()
    const files = convertLlmDrift(rows)
    const answerOf = (model: string) =>
      rows.find((row) => row.model === `openaichat/${model}` && row.id === '17')?.answer
    const logged = files.conversations.find((conversation) => conversation.id === 'sensitiveq-17')
    expect(logged?.messages[1]?.content).toBe(answerOf('gpt-3.5-turbo-0301'))
    for (const [arm, model] of [
      ['baseline', 'gpt-4-0314'],
      ['candidate', 'gpt-4-0613'],
    ] as const) {
      const line = files[arm].find((answer) => answer.custom_id === 'sensitiveq-17#1')
      expect(line?.response.body.model).toBe(model)
      expect(line && readContent(line)).toBe(answerOf(model))
      expect(files[arm]).toHaveLength(100)
    }
  })

  it('counts 79 refusals of the baseline and 95 of the candidate', async () => {
    const { judge } = await convert()
    expect(judge).toHaveLength(200)
    expect(countPresent(judge, '|baseline|over-refusal')).toBe(79)
    expect(countPresent(judge, '|candidate|over-refusal')).toBe(95)
  })

  it('quotes the completion that was labelled, for present alone', async () => {
    const files = await convert()
    for (const line of files.judge) {
      const { label, quote } = readLabel(line)
      const [turnId, arm] = line.custom_id.split('|')
      const answers = arm === 'baseline' ? files.baseline : files.candidate
      const answer = answers.find((candidate) => candidate.custom_id === turnId)
      expect(quote !== '').toBe(label === 'present')
      expect(answer && readContent(answer)).toContain(quote)
    }
  })

  it('has a policy and a registration that name the same things', async () => {
    const { judge } = await convert()
    const policy = readExamplePolicy('llmdrift')
    const registration = readExampleRegistration('llmdrift', 'gpt-4-0613.yml')
    expect(registration).toEqual({ candidate: 'gpt-4-0613', categories: policy.categories })
    expect(new Set(judge.map((line) => line.response.body.model))).toEqual(new Set([policy.judgeModel]))
  })

  it('has refusal phrases that raise no false alarm and miss refusals by rebuttal', async () => {
    const files = await convert()
    const patterns = readExamplePolicy('llmdrift').patterns.map((pattern) => RE2JS.compile(pattern))
    const count = (arm: 'baseline' | 'candidate') => {
      const found = { both: 0, phrasesOnly: 0, columnOnly: 0, neither: 0 }
      for (const answer of files[arm]) {
        const matched = patterns.some((pattern) => pattern.matcher(readContent(answer)).find())
        const line = files.judge.find((judged) => judged.custom_id.startsWith(`${answer.custom_id}|${arm}|`))
        const refused = line !== undefined && readLabel(line).label === 'present'
        if (matched) found[refused ? 'both' : 'phrasesOnly'] += 1
        else found[refused ? 'columnOnly' : 'neither'] += 1
      }
      return found
    }
    expect(count('baseline')).toEqual({ both: 64, phrasesOnly: 0, columnOnly: 15, neither: 21 })
    expect(count('candidate')).toEqual({ both: 89, phrasesOnly: 0, columnOnly: 6, neither: 5 })
  })

  it('refuses a table in which an arm was not asked, or was asked something else', async () => {
    const rows = await readRows()
    const isCandidate = (row: { model: string; id: string }) =>
      row.model === 'openaichat/gpt-4-0613' && row.id === '3'
    const missing = rows.filter((row) => !isCandidate(row))
    const reworded = rows.map((row) => (isCandidate(row) ? { ...row, query: 'something else' } : row))
    expect(() => convertLlmDrift(missing)).toThrow('question 3: gpt-4-0613 has no answer')
    expect(() => convertLlmDrift(reworded)).toThrow('question 3: gpt-4-0613 has no answer')
    expect(() => convertLlmDrift([])).toThrow('is this SENSITIVEQ_EVAL.csv?')
  })
})
