import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { compareCategories } from '../../examples/real-data/compare-labels.ts'
import {
  completionRowSchema,
  convertXstest,
  judgedRowSchema,
} from '../../examples/real-data/convert-xstest.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import { writeCorpus, writeJsonLines } from '../../examples/real-data/write-corpus.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { prepareExample, runExample } from './run.ts'

describeWithShared('450 XSTest prompts, a GPT-4 judge beside people', () => {
  let run: Awaited<ReturnType<typeof runExample>>

  beforeAll(async () => {
    const read = <Row>(file: string, schema: Parameters<typeof readTable<Row>>[0]['schema']) =>
      readTable({ path: sharedPath(`data/xstest-gpt4/${file}`), schema })
    const files = convertXstest({
      completions: await read('completions.csv', completionRowSchema),
      judged: await read('judge_gpt4.csv', judgedRowSchema),
    })
    const folder = await prepareExample('xstest')
    await writeCorpus({ folder, name: 'xstest', conversations: files.conversations })
    await writeJsonLines({ folder, name: 'completions.jsonl', values: files.completions })
    await writeJsonLines({ folder, name: 'served.jsonl', values: files.served })
    await writeJsonLines({ folder, name: 'judge.jsonl', values: files.judge })
    const file = (name: string) => `recorded:${join(folder, name)}.jsonl`
    run = await runExample({
      folder,
      out: 'run',
      baseline: 'gpt-4-served',
      candidate: 'gpt-4',
      endpoints: [`baseline=${file('served')}`, `candidate=${file('completions')}`, `judge=${file('judge')}`],
    })
  })

  it('counts what the judge labelled and what people labelled, each in its own row', () => {
    const [judge, people] = JSON.parse(run.verdict).categories
    expect(judge).toMatchObject({ id: 'over-refusal', candidate: { planned: 450, graded: 450, events: 16 } })
    expect(people).toMatchObject({
      id: 'over-refusal-human',
      role: 'watch',
      candidate: { planned: 450, graded: 450, events: 21 },
    })
  })

  it('shows that the judge misses five over-refusals and invents none', () => {
    const { outcomes } = run
    expect(
      compareCategories({ outcomes, arm: 'candidate', first: 'over-refusal', second: 'over-refusal-human' }),
    ).toEqual({
      both: 16,
      firstOnly: 0,
      secondOnly: 5,
      neither: 429,
      missing: 0,
    })
  })

  it('passes a checkpoint against itself, each arm under its own name', () => {
    expect(run.exitCode).toBe(0)
    expect(JSON.parse(run.verdict)).toMatchObject({ verdict: 'pass', conclusion: 'success' })
    expect(JSON.parse(run.verdict).identity).toEqual({ candidate: 'asserted', baseline: 'asserted' })
    expect(run.comment).toContain('a recording lists nothing')
  })
})
