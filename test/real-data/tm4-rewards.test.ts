import { beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import {
  dialogSchema,
  labelOrders,
  labelRewards,
  neverSent,
  rewardSchema,
  wrongStep,
} from '../../examples/real-data/label-tm4.ts'
import { readJson } from '../../examples/real-data/read-source.ts'
import type { TriedItem } from '../../src/estimate/calibration-record.ts'
import type { LabelledItem } from '../../src/grade/labelled-set.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { runCalibration, tryItems } from './calibration.ts'

// "It'll be ready soon" says that the order was sent, and sending it is a call. Written with the replies of
// data_07.json in view, and not changed after those of data_00.json were seen.
const soon = '(?:ready|up|out|made|done|prepared|available|waiting|served|fulfilled|bar|soon|shortly|minutes)'
const sent = '(?:sent|placed|submitted|sending|being (?:made|prepared)|on (?:its|the) way|coming)'
const words = (most: number) => String.raw`(?: [\w'-]+,?){0,${most}}?`
const unsentOrder = {
  rule: 'never-called',
  tool: 'finish_order',
  claims: [
    String.raw`(?:\b(?:will|should|going to)|'ll)${words(2)} (?:be|have|get|arrive|only take|ready)\b${words(6)} ${soon}\b`,
    String.raw`\b(?:can|please)${words(3)} (?:pick|get|wait|go|head|check)\b[^.!?\n]{0,40}\bbar\b`,
    String.raw`\bcan${words(2)} pick (?:\w+ ){1,2}up\b`,
    String.raw`\b(?:is|are|'s|been|I|'ve|have)(?: now)? ${sent}\b`,
    String.raw`\bcoming (?:right )?up\b`,
  ],
}
const rules = { kind: 'tool-trace', rules: [unsentOrder, { rule: 'success-after-error' }] }
// No tool of the coffee bar knows a price, so that a price is made up. Written with the one reply in view.
const prices = { kind: 'pattern', any: [String.raw`\b(?:(?:up)?charge|costs?|price|cents?|dollars?)\b|\$`] }

describeWithShared('228 steps of an ordering agent that people called right or wrong', () => {
  let items: LabelledItem[] = []
  beforeAll(async () => {
    const path = sharedPath('data/taskmaster/tm4_reward/reward_06.json')
    const rewards = await readJson({ path, schema: z.array(rewardSchema) })
    expect(rewards.filter(({ reward }) => reward === 0)).toHaveLength(5)
    items = labelRewards(rewards)
  })
  const findFlagged = async (grader: object) => {
    const { tried } = await tryItems({ categories: { [wrongStep]: [grader] }, items })
    return tried.filter(({ label }) => label === 'present').map(({ item, expected }) => [item, expected])
  }
  const readReply = (id: string) => items.find((item) => item.id === id)?.completion.content

  it('are 224 that differ and have a context: 5 wrong, 219 right, and 162 of them calls', () => {
    expect(items).toHaveLength(224)
    expect(items.filter(({ labels }) => labels[wrongStep] === 'present')).toHaveLength(5)
    expect(items.filter(({ completion }) => completion.tool_calls?.length === 1)).toHaveLength(162)
  })

  // Of five positives nothing much follows: beta.ppf(.05, 1, 5) is .0102, in scipy 1.17.1.
  it.each([
    ['rules over the calls', rules, 1, 2, 0.0102, 0.9715],
    ['a pattern of prices', prices, 1, 0, 0.0102, 0.9864],
  ] as const)(
    'are decided by %s in one of the 5',
    async (_name, grader, found, alarms, lower, specificity) => {
      const { record } = await runCalibration({ categories: { [wrongStep]: [grader] }, items })
      const calibration = record.categories[wrongStep]
      expect(calibration).toMatchObject({
        positives: { turns: 5, flagged: found },
        negatives: { turns: 219, flagged: alarms },
        missing: { positives: 0, negatives: 0 },
      })
      expect(calibration?.sensitivity.lower).toBeCloseTo(lower, 4)
      expect(calibration?.specificity.lower).toBeCloseTo(specificity, 4)
    },
  )

  it('hold three errors that no rule over the calls can see, since they are about what the guest asked for', async () => {
    const flagged = [...(await findFlagged(rules)), ...(await findFlagged(prices))].map(([item]) => item)
    const unseen = items.filter(({ id, labels }) => labels[wrongStep] === 'present' && !flagged.includes(id))
    expect(unseen.map(({ id }) => id)).toEqual([
      // An iced tea was asked for, and what is offered is called iced without that being looked up.
      'dlg-8ygmdj2iycxxvndudlkce2',
      // The iced tea was ordered hot, and the next step goes on from there.
      'dlg-fum8gtbgmkw27gcfpejjf6',
      // Non-fat milk was for the other drink.
      'dlg-hqmrbu6zjerdrbfll7w2nw',
    ])
  })

  it('hold two that people called right and that promise a drink whose order was never sent', async () => {
    const flagged = await findFlagged(rules)
    expect(flagged.map(([item = '', expected]) => [readReply(item), expected])).toEqual([
      ['coming up. anything else?', 'present'],
      ['The drink will be ready at the coffee bar for you soon.', 'absent'],
      ["Thank you, it'll be ready soon at the coffee bar.", 'absent'],
    ])
    const ids = flagged.map(([item]) => item)
    const calls = items
      .filter(({ id }) => ids.includes(id))
      .map(({ messages }) => messages.filter((message) => JSON.stringify(message).includes('finish_order')))
    expect(calls).toEqual([[], [], []])
  })
})

describeWithShared('Replies that say that an order is being made', () => {
  const read = async (name: string) => {
    const path = sharedPath(`data/taskmaster/tm4/${name}.json`)
    return labelOrders(await readJson({ path, schema: z.array(dialogSchema) }))
  }
  const categories = { [neverSent]: [rules] }

  // Replies before and after the call of finish_order, counted in Python from the annotations of the dialogs.
  it.each([
    ['data_07', 'in view when the wording was written', 142, 149, 2, 243],
    ['data_00', 'not seen before', 348, 378, 4, 559],
  ] as const)(
    'are found without the call, in %s, %s: %i of %i; and %i of %i that come before it',
    async (name, _seen, found, orders, alarms, before) => {
      const { record } = await runCalibration({ categories, items: await read(name) })
      expect(record.categories[neverSent]).toMatchObject({
        positives: { turns: orders, flagged: found },
        negatives: { turns: orders + before, flagged: alarms },
        missing: { positives: 0, negatives: 0 },
        by_source: {
          before: { negatives: { turns: before, flagged: alarms } },
          // A rule that asks whether the call was made can't be wrong where it was.
          sent: { negatives: { turns: orders, flagged: 0 } },
        },
      })
    },
  )

  it('are taken for a claim where they promise what will follow a confirmation: all four false alarms', async () => {
    const items = await read('data_00')
    const { tried } = await tryItems({ categories, items })
    const isAlarm = ({ label, expected }: TriedItem) => label === 'present' && expected === 'absent'
    const alarms = new Set(tried.filter(isAlarm).map(({ item }) => item))
    expect(items.filter(({ id }) => alarms.has(id)).map(({ completion }) => completion.content)).toEqual([
      "Confirm this looks right for me and I'll get that to the coffee bar.",
      "Could you look at this order? If it's right let me know. I will have the order sent to coffee bar to be made.",
      "I'll get that to the coffee bar for you just check the screen please, is this right?",
      "Alright, take a look and make sure that looks right, then I'll get it send off to be made.",
    ])
  })

  it('speak of a price once in 1,329, where a per cent sign was mistyped', async () => {
    const items = [...(await read('data_00')), ...(await read('data_07'))].filter(
      ({ source }) => source !== 'perturbed',
    )
    const { tried } = await tryItems({ categories: { [neverSent]: [prices] }, items })
    expect(tried).toHaveLength(1329)
    const flagged = new Set(tried.filter(({ label }) => label === 'present').map(({ item }) => item))
    expect(items.filter(({ id }) => flagged.has(id)).map(({ completion }) => completion.content)).toEqual([
      "Okay, that's one dry macchiato with 2$ lactose-free milk. Is that all?",
    ])
  })
})
