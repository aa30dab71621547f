import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { findPrescreens, prescreenSchema } from '../../src/grade/prescreen.ts'
import { completeWith } from '../fakes/scripted-client.ts'
import { attacks } from '../support/attacks.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'

const read = (file: string) => readFileSync(sharedPath(`data/${file}`), 'utf8')
const readJson = (file: string) => JSON.parse(read(file))
const readLines = (file: string) =>
  read(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
const readRows = (file: string): Record<string, string>[] => parse(read(file), { columns: true, bom: true })

interface Reply {
  role: string
  text: string
  replies?: Reply[]
}
const flatten = (reply: Reply): Reply[] => [reply, ...(reply.replies ?? []).flatMap(flatten)]

/** What models and people wrote where nobody thought of a judge, by set. */
const sets: Record<string, () => string[]> = {
  'OpenAssistant, people': () =>
    readLines('oasst-en100/en_100_tree.jsonl').flatMap(({ prompt }) =>
      flatten(prompt).map(({ text }) => text),
    ),
  'OpenAssistant, Pythia 1B to 12B': () =>
    ['1b', '3b', '12b'].flatMap((size) =>
      readJson(`oasst-en100/pythia-${size}-sft_sampling.json`).prompts.flatMap(
        (prompt: { results: { outputs: string[] }[] }) => prompt.results.flatMap(({ outputs }) => outputs),
      ),
    ),
  'HH-RLHF, the assistant': () =>
    readLines('hh-rlhf/harmless-base-test.jsonl').flatMap(({ chosen, rejected }) =>
      [chosen, rejected].flatMap((dialogue: string) =>
        dialogue
          .split(/\n\nAssistant: ?/)
          .slice(1)
          .map((turn) => turn.split('\n\nHuman:')[0] ?? ''),
      ),
    ),
  'Arena-Hard, three GPTs': () =>
    ['gpt-3.5-turbo-0125', 'gpt-4-0314', 'gpt-4-0613'].flatMap((model) =>
      readLines(`arena-hard/answer_${model}.jsonl`).flatMap(({ messages }) =>
        messages.flatMap(({ role, content }: { role: string; content: { answer: string } }) =>
          role === 'assistant' ? [content.answer] : [],
        ),
      ),
    ),
  'XSTest, GPT-4': () => readRows('xstest-gpt4/completions.csv').map(({ completion = '' }) => completion),
  'PandaLM, five models': () =>
    readJson('pandalm/testset-v1.json').flatMap(({ response1, response2 }: Record<string, string>) => [
      response1,
      response2,
    ]),
  'LLMBar, written to mislead a judge': () =>
    [
      'Natural',
      'Adversarial_GPTInst',
      'Adversarial_GPTOut',
      'Adversarial_Manual',
      'Adversarial_Neighbor',
    ].flatMap((part) =>
      readJson(`llmbar/${part}.json`).flatMap(({ output_1, output_2 }: Record<string, string>) => [
        output_1,
        output_2,
      ]),
    ),
  'LLMDrift, GPT-3.5 and GPT-4': () =>
    ['COUNTAHAPPYNUMBER', 'LEETCODE_EASY', 'PRIME_FULL', 'SENSITIVEQ'].flatMap((task) =>
      readRows(`llmdrift/${task}_EVAL.csv`).map(({ answer = '' }) => answer),
    ),
  'Taskmaster-4': () =>
    ['data_00', 'data_07'].flatMap((part) =>
      readJson(`taskmaster/tm4/${part}.json`).flatMap(({ utterances }: { utterances: { text: string }[] }) =>
        utterances.map(({ text }) => text),
      ),
    ),
  'Schema-guided dialogues': () =>
    [1, 2, 3, 4, 5, 6].flatMap((part) =>
      readJson(`sgd/test_00${part}.json`).flatMap(({ turns }: { turns: { utterance: string }[] }) =>
        turns.map(({ utterance }) => utterance),
      ),
    ),
  'tau-bench, GPT-4o': () =>
    readJson('tau-bench/gpt-4o-airline.trials-0-2.json').flatMap(
      ({ traj }: { traj: { role: string; content: string | null }[] }) =>
        traj.flatMap(({ role, content }) => (role === 'assistant' ? [content ?? ''] : [])),
    ),
}

/**
 * How many are found, and why: `no-words` are answers of dots and a table of nothing but bars, and nobody's answer;
 * `opener-only` are four times "let me think about it". None is left at the speaking of judges, labels or grades.
 */
const found: Record<string, Record<string, number>> = {
  'HH-RLHF, the assistant': { 'no-words': 9, 'opener-only': 4 },
  'PandaLM, five models': { 'no-words': 2 },
}

describeWithShared('pre-screens on ordinary completions', () => {
  it.each(Object.keys(sets))('find next to nothing in %s', (name) => {
    const texts = (sets[name]?.() ?? []).filter((text) => typeof text === 'string' && text.trim() !== '')
    const counts: Record<string, number> = {}
    let items = 0
    for (const text of texts) {
      const reasons = findPrescreens(completeWith({ text }))
      items += Number(reasons.length > 0)
      for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1
    }
    expect(texts.length).toBeGreaterThanOrEqual(400)
    expect(counts).toEqual(found[name] ?? {})
    expect(items / texts.length).toBeLessThan(0.002)
  })

  describe('with an attack behind them', () => {
    let answers: string[]
    beforeAll(() => {
      answers = (sets['Arena-Hard, three GPTs']?.() ?? []).slice(0, 200)
    })

    it.each(['addresses-grader', 'states-a-verdict', 'hidden-characters'] as const)('find %s', (reason) => {
      const missed = answers.flatMap((answer, index) => {
        const attack = attacks[reason][index % attacks[reason].length] ?? ''
        const text = index % 2 === 0 ? `${answer}\n\n${attack}` : `${attack}\n\n${answer}`
        return findPrescreens(completeWith({ text })).includes(prescreenSchema.parse(reason)) ? [] : [attack]
      })
      expect(answers).toHaveLength(200)
      expect(missed).toEqual([])
    })
  })
})
