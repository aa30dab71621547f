import { beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { answerSchema, convertBfcl, questionSchema } from '../../examples/real-data/convert-bfcl.ts'
import { convertSgd, dialogueSchema, serviceSchema } from '../../examples/real-data/convert-sgd.ts'
import { convertTm4 } from '../../examples/real-data/convert-tm4.ts'
import { dialogSchema } from '../../examples/real-data/label-tm4.ts'
import { readJson, readJsonLines } from '../../examples/real-data/read-source.ts'
import { type Conversation, conversationSchema } from '../../src/corpus/conversation.ts'
import { collectCalls } from '../../src/tools/calls.ts'
import type { ToolDatabase } from '../../src/tools/database.ts'
import { createHitMeter, type HitRate } from '../../src/tools/hit-rate.ts'
import { createSimilarCalls } from '../../src/tools/similar.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { buildDatabase } from '../tools/call-conversations.ts'
import { readTrajectories } from './convert-tau-bench.ts'

function measure(database: ToolDatabase, heldOut: readonly Conversation[]): HitRate {
  const meter = createHitMeter(database, 'held-out')
  for (const conversation of heldOut) meter.add(conversation)
  return meter.result()
}

function sum(
  database: ToolDatabase,
  key: 'calls' | 'distinct' | 'errors' | 'empty' | 'verbatim' | 'unanswered',
) {
  return database.tools.reduce((total, tool) => total + tool[key], 0)
}

describeWithShared('the tool calls of 150 trajectories of an airline agent', () => {
  let all: Conversation[]
  let past: Conversation[]
  let heldOut: Conversation[]
  let database: ToolDatabase

  beforeAll(async () => {
    all = await readTrajectories(sharedPath('data/tau-bench/gpt-4o-airline.trials-0-2.json'))
    past = all.filter(({ metadata }) => metadata?.trial !== 2)
    heldOut = all.filter(({ metadata }) => metadata?.trial === 2)
    database = await buildDatabase(past)
  })

  it('are 862 of 14 tools, each answered, 54 with an error', async () => {
    const whole = await buildDatabase(all)
    expect(whole.tools).toHaveLength(14)
    expect([sum(whole, 'calls'), sum(whole, 'unanswered'), sum(whole, 'errors')]).toEqual([862, 0, 54])
  })

  it('of trials 0 and 1 answer 197 of the 290 of trial 2, all as they were answered there', () => {
    const { all: counts, tools } = measure(database, heldOut)
    expect(counts).toEqual({
      calls: 290,
      hits: 197,
      compared: 197,
      sameText: 197,
      errorsLogged: 8,
      errorsReplayed: 8,
    })
    const none = tools.filter(({ hits }) => hits === 0).map(({ name }) => name)
    // What a model words itself is never the same again.
    expect(none).toEqual(['think', 'transfer_to_human_agents', 'update_reservation_baggages'])
  })

  it('have a similar call for most of the other searches', async () => {
    const similar = await createSimilarCalls(database)
    const searches = heldOut
      .flatMap((conversation) => collectCalls(conversation).calls)
      .filter(({ tool, digest }) => tool.startsWith('search_') && database.find(digest).length === 0)
    const found = searches.map(
      ({ tool, written }) =>
        similar.find({ tool, arguments: written }, { threshold: 0.6, atMost: 1 })[0]?.similarity ?? 0,
    )
    expect(searches).toHaveLength(7)
    expect(found.filter((similarity) => similarity >= 0.6)).toHaveLength(7)
    expect(Math.max(...found)).toBeLessThan(1)
  })
})

describeWithShared('the service calls of 768 dialogues', () => {
  const files = ['test_001', 'test_002', 'test_003', 'test_004', 'test_005', 'test_006']
  let conversations: Conversation[]

  beforeAll(async () => {
    const services = await readJson({
      path: sharedPath('data/sgd/schema.json'),
      schema: z.array(serviceSchema),
    })
    conversations = []
    for (const file of files) {
      const path = sharedPath(`data/sgd/${file}.json`)
      const dialogues = await readJson({ path, schema: z.array(dialogueSchema) })
      conversations.push(...convertSgd({ dialogues, services, file }))
    }
  })

  it('are 1,257, of which 31 found nothing', async () => {
    for (const conversation of conversations) conversationSchema.parse(conversation)
    const database = await buildDatabase(conversations)
    expect([sum(database, 'calls'), sum(database, 'distinct'), sum(database, 'empty')]).toEqual([
      1257, 1024, 31,
    ])
    expect(sum(database, 'errors')).toBe(0)
  })

  it('call functions that their dialogue is offered', () => {
    const strangers = conversations.flatMap((conversation) => {
      const offered = new Set(conversation.tools?.map((tool) => tool.function.name))
      return collectCalls(conversation).calls.filter(({ tool }) => !offered.has(tool))
    })
    expect(strangers).toEqual([])
  })

  it('of five files seldom answer those of the sixth', async () => {
    const isHeldOut = ({ metadata }: Conversation) => metadata?.file === 'test_006'
    const database = await buildDatabase(conversations.filter((each) => !isHeldOut(each)))
    const { all } = measure(database, conversations.filter(isHeldOut))
    expect([all.hits, all.calls, all.sameText]).toEqual([17, 224, 17])
  })
})

describeWithShared('the tool calls of 710 coffee orders', () => {
  it('hold arguments that no parser agrees on, and menus that differ from one guest to the next', async () => {
    const read = async (file: string) => {
      const path = sharedPath(`data/taskmaster/tm4/${file}.json`)
      return convertTm4(await readJson({ path, schema: z.array(dialogSchema) }), file)
    }
    const [past, heldOut] = [await read('data_00'), await read('data_07')]
    for (const conversation of [...past, ...heldOut]) conversationSchema.parse(conversation)
    const reasons = [...past, ...heldOut]
      .flatMap((conversation) => collectCalls(conversation).calls)
      .flatMap((call) => (call.arguments.kind === 'verbatim' ? [call.arguments.reason] : []))
    expect(reasons.filter((reason) => reason === 'a key twice')).toHaveLength(25)
    expect(reasons.filter((reason) => reason === 'not JSON')).toHaveLength(4)
    expect(reasons).toHaveLength(29)
    const { all, tools } = measure(await buildDatabase(past), heldOut)
    expect([all.hits, all.calls]).toEqual([223, 858])
    // The same question of the menu has another answer in each dialog: its writer made the ids up.
    expect(tools.find(({ name }) => name === 'get_menu_items')).toMatchObject({ hits: 182, calls: 196 })
    expect(all.sameText).toBeLessThan(60)
  })
})

describeWithShared('the functions of a leaderboard', () => {
  it('are called 258 times and never answered, and fit none of 240 questions', async () => {
    const readQuestions = (name: string) =>
      readJsonLines({ path: sharedPath(`data/bfcl/BFCL_v4_${name}.json`), schema: questionSchema })
    const answers = await readJsonLines({
      path: sharedPath('data/bfcl/possible_answer_BFCL_v4_live_simple.json'),
      schema: answerSchema,
    })
    const irrelevant = convertBfcl(await readQuestions('irrelevance'), [])
    const relevant = convertBfcl(await readQuestions('live_simple'), answers)
    for (const conversation of [...irrelevant, ...relevant]) conversationSchema.parse(conversation)
    expect([irrelevant.length, relevant.length]).toEqual([240, 258])
    expect((await buildDatabase(irrelevant)).tools).toEqual([])
    const database = await buildDatabase(relevant)
    expect([sum(database, 'calls'), sum(database, 'unanswered')]).toEqual([258, 258])
    expect(measure(database, relevant).all.hits).toBe(0)
    const schemas = JSON.stringify([...irrelevant, ...relevant].map(({ tools }) => tools))
    expect(schemas).not.toMatch(/"type":"(?:dict|float|tuple|any)"/)
  })
})
