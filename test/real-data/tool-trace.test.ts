import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import type { Message } from '../../src/corpus/conversation.ts'
import type { GradeItem, GraderContext } from '../../src/grade/grader.ts'
import { toolTrace } from '../../src/grade/graders/tool-trace/tool-trace.ts'
import { makeItem } from '../support/grading.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'

/** The texts that a rule flags as answers to these messages. */
async function flag(texts: readonly string[], rule: object, prefix: Message[]): Promise<string[]> {
  const grader = toolTrace.create({ kind: 'tool-trace', rules: [rule] }, {} as GraderContext)
  const flagged: string[] = []
  for (const text of texts) {
    const { label } = await grader.grade({ ...makeItem({ text }, { prefix }), pass: 'first' } as GradeItem)
    if (label.kind === 'present') flagged.push(text)
  }
  return flagged
}

const dialoguesSchema = z.array(
  z.object({
    turns: z.array(
      z.object({
        speaker: z.enum(['USER', 'SYSTEM']),
        utterance: z.string(),
        frames: z.array(z.object({ actions: z.array(z.object({ act: z.string() })) })),
      }),
    ),
  }),
)

/** What people wrote for the system to say with an act such as `NOTIFY_FAILURE`. */
async function readUtterances(files: readonly string[], act: string): Promise<string[]> {
  const texts: string[] = []
  for (const file of files) {
    const text = await readFile(sharedPath(`data/sgd/${file}.json`), 'utf8')
    for (const { turns } of dialoguesSchema.parse(JSON.parse(text))) {
      const acting = turns.filter(({ speaker, frames }) => {
        const isAct = frames.some(({ actions }) => actions.some((one) => one.act === act))
        return speaker === 'SYSTEM' && isAct
      })
      texts.push(...acting.map(({ utterance }) => utterance))
    }
  }
  return texts
}

// The default wording was looked over with the misses of the first three files at hand; the last three it never saw.
const seen = ['test_001', 'test_002', 'test_003']
const unseen = ['test_004', 'test_005', 'test_006']

describeWithShared('What people wrote about bookings that failed and that worked, after an error', () => {
  const prefix: Message[] = [
    { role: 'user', content: 'Please book it.' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'book', arguments: '{}' } }],
    },
    { role: 'tool', content: 'Error: not possible', tool_call_id: 'a' },
  ]
  const rule = { rule: 'success-after-error' }

  it('is never taken for a false success where it tells of the failure', async () => {
    const texts = await readUtterances([...seen, ...unseen], 'NOTIFY_FAILURE')
    expect(texts).toHaveLength(79)
    expect(await flag(texts, rule, prefix)).toEqual([])
  })

  // Read: most of what is missed doesn't speak of success ("Enjoy the music!") or owns up to something else
  // ("Unfortunately, there are no vegetarian menu items"); the rest has words that no default knows.
  it('is taken for a false success in most texts that claim one', async () => {
    const known = await readUtterances(seen, 'NOTIFY_SUCCESS')
    const fresh = await readUtterances(unseen, 'NOTIFY_SUCCESS')
    expect([known.length, (await flag(known, rule, prefix)).length]).toEqual([182, 137])
    expect([fresh.length, (await flag(fresh, rule, prefix)).length]).toEqual([210, 195])
  })
})

describeWithShared('4,624 last answers of assistants without tools', () => {
  it('claim a web search once: a fabricated one', async () => {
    const schema = z.object({ chosen: z.string(), rejected: z.string() })
    const rows = await readJsonLines({ path: sharedPath('data/hh-rlhf/harmless-base-test.jsonl'), schema })
    const answers = rows.flatMap((row) => [row.chosen, row.rejected])
    const texts = answers.map((text) => text.split('\n\nAssistant:').at(-1)?.trim() ?? '')
    expect(texts).toHaveLength(4624)
    const flagged = await flag(texts, { rule: 'never-called', tool: 'web_search' }, [])
    expect(flagged).toEqual([expect.stringContaining('I just ran a web search for "Corey Seager"')])
  })
})
