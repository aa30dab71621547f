import { describe, expect, it } from '@jest/globals'
import type { ToolDatabase } from '../../src/tools/database.ts'
import { readOwnTrajectory } from '../../src/tools/own-trajectory.ts'
import { answerRecorded, drawFailure, drawResponse } from '../../src/tools/recorded.ts'
import { buildDatabase, makeConversation, type WrittenExchange } from './call-conversations.ts'

const read = { tool: 'read', arguments: '{"id":1}' }
const write = { tool: 'write', arguments: '{"id":1,"to":"new"}' }

// The user speaks at 0; calls are made at 1, 3, 5 …
const production: WrittenExchange[] = [
  ['read', '{"id":1}', 'old'],
  ['other', '{}', 'else'],
  ['write', '{"to":"new","id":1}', 'done'],
  ['read', '{"id":1}', 'new'],
  ['read', '{"id":1}', 'newer'],
]

function readAt(turn: number, isWrite?: (tool: string) => boolean) {
  return readOwnTrajectory({ conversation: makeConversation('c', production), turn, isWrite })
}

describe("the conversation's own trajectory", () => {
  it('gives the answers at the turn and after it in their order, and then the last again', () => {
    const own = readAt(1)
    const asked = [0, 1, 2, 3, 7].map((times) => own.find(read, Array(times).fill(read))?.text)
    expect(asked).toEqual(['old', 'new', 'newer', 'newer', 'newer'])
  })

  it('gives the last answer from before the turn where there is none after it', () => {
    expect(readAt(11).find(read, [])).toEqual({
      text: 'newer',
      isError: false,
      messageIndex: 10,
      state: 'unknown',
    })
    expect(readAt(11).find(write, [])?.text).toBe('done')
  })

  it('knows arguments that are the same, and no others', () => {
    expect(readAt(1).find({ tool: 'write', arguments: '{ "id": 1.0, "to": "new" }' }, [])?.text).toBe('done')
    expect(readAt(1).find({ tool: 'write', arguments: '{"id":1}' }, [])).toBe(null)
    expect(readAt(1).find({ tool: 'read', arguments: '{"id":' }, [])).toBe(null)
  })

  it('reads nothing as changed before the replay has changed it, where it is known what writes', () => {
    const own = readAt(3, (tool) => tool === 'write')
    // Without knowing what writes, production's next reading is due.
    expect(readAt(3).find(read, [])).toMatchObject({ text: 'new', state: 'unknown' })
    expect(own.find(read, [])).toMatchObject({ text: 'old', state: 'same' })
    expect(own.find(read, [read, read])).toMatchObject({ text: 'old', state: 'same' })
    expect(own.find(read, [write])).toMatchObject({ text: 'new', state: 'same' })
    expect(own.find(read, [write, read])).toMatchObject({ text: 'newer', state: 'same' })
  })

  it('says when its answer is from a world that the replay has left', () => {
    const own = readAt(3, (tool) => tool === 'write')
    const elsewhere = { tool: 'write', arguments: '{"id":1,"to":"elsewhere"}' }
    expect(own.find(read, [elsewhere])).toMatchObject({ text: 'new', state: 'other' })
    expect(own.find(read, [write, write])?.state).toBe('other')
  })

  it('has no answer where the log has none', () => {
    const conversation = makeConversation('c', [['read', '{"id":1}', null]])
    expect(readOwnTrajectory({ conversation, turn: 1 }).find(read, [])).toBe(null)
  })
})

/** A database in which `get {}` worked and failed this often, and `get {"x":1}` always worked. */
function makeDatabase(worked: readonly string[], errors: number): Promise<ToolDatabase> {
  const exchanges = [...worked, ...Array<string>(errors).fill('Error: busy')].map(
    (response): WrittenExchange => ['get', '{}', response],
  )
  return buildDatabase([makeConversation('past', [...exchanges, ['get', '{"x":1}', 'one']])])
}

describe('a recorded answer', () => {
  const call = { tool: 'get', arguments: '{}' }

  it('is from the trajectory first, then from the database, else there is none', async () => {
    const database = await buildDatabase([
      makeConversation('other', [
        ['read', '{"id":1}', "another customer's"],
        ['get', '{}', 'known'],
      ]),
    ])
    const tools = { trajectory: readAt(1), database, seed: 's', turn: 'c#1' }
    expect(answerRecorded(tools, { call: read, since: [] })).toMatchObject({
      from: 'trajectory',
      text: 'old',
    })
    expect(answerRecorded(tools, { call, since: [] })).toEqual({
      source: 'recorded',
      from: 'database',
      text: 'known',
      isError: false,
      state: 'unknown',
    })
    expect(answerRecorded(tools, { call: { tool: 'get', arguments: '{"x":2}' }, since: [] })).toBe(null)
    expect(answerRecorded({ ...tools, database: null }, { call, since: [] })).toBe(null)
  })

  it('fails at the recorded rate, over turns and over tries', async () => {
    const database = await makeDatabase(Array<string>(70).fill('fine'), 30)
    const fails = (turn: string, tries: number) =>
      answerRecorded(
        { trajectory: null, database, seed: 's', turn },
        { call, since: Array(tries).fill(call) },
      )?.isError === true
    const turns = Array.from({ length: 2000 }, (_, index) => fails(`c-${index}#1`, 0))
    const tries = Array.from({ length: 500 }, (_, index) => fails('c#1', index))
    // Three standard errors: 3 · √(.3 · .7 / 2000) = .031, and .061 of 500.
    expect(Math.abs(turns.filter(Boolean).length / 2000 - 0.3)).toBeLessThan(0.031)
    expect(Math.abs(tries.filter(Boolean).length / 500 - 0.3)).toBeLessThan(0.061)
  })

  it('is the same for the same turn, whatever else the replay has done, and the same each time that it works', async () => {
    const database = await makeDatabase(['a', 'a', 'b', 'c'], 4)
    const ask = (turn: string, since: (typeof call)[]) =>
      answerRecorded({ trajectory: null, database, seed: 's', turn }, { call, since })
    for (let turn = 0; turn < 50; turn += 1) {
      const name = `c-${turn}#1`
      const answers = Array.from({ length: 20 }, (_, tries) => ask(name, Array(tries).fill(call)))
      const worked = answers.filter((answer) => answer?.isError === false).map((answer) => answer?.text)
      expect(new Set(worked).size).toBe(1)
      expect(ask(name, [{ tool: 'get', arguments: '{"x":1}' }])).toEqual(answers[0])
    }
  })

  it('is drawn in proportion to how often it was recorded', async () => {
    const database = await makeDatabase([...Array<string>(9).fill('often'), 'seldom'], 0)
    const texts = Array.from(
      { length: 1000 },
      (_, index) =>
        answerRecorded({ trajectory: null, database, seed: 's', turn: `c-${index}#1` }, { call, since: [] })
          ?.text,
    )
    // Three standard errors of 10 % of 1,000: 28.
    expect(Math.abs(texts.filter((text) => text === 'seldom').length - 100)).toBeLessThan(29)
  })
})

describe('the draw of a response', () => {
  const make = (number: number, isError: boolean, count: number) => ({ number, isError, count })

  it('takes the ends of [0, 1) for what they are', () => {
    const responses = [make(0, false, 3), make(1, false, 1), make(2, true, 4)]
    const draw = (error: number, text: number, errorText: number) =>
      drawResponse(responses, { error, text, errorText })?.number
    expect([draw(0.499, 0, 0), draw(0.5, 0, 0), draw(0.5, 0.749, 0), draw(0.5, 0.75, 0)]).toEqual([
      2, 0, 0, 1,
    ])
    expect(draw(0.999999999, 0.999999999, 0)).toBe(1)
    expect(drawResponse([], { error: 0, text: 0, errorText: 0 })).toBe(null)
    expect(drawResponse([make(5, true, 1)], { error: 0.99, text: 0, errorText: 0 })?.number).toBe(5)
    expect(drawResponse([make(6, false, 1)], { error: 0, text: 0, errorText: 0 })?.number).toBe(6)
  })
})

describe('the failure of a call that nothing recorded answers', () => {
  it("comes at the tool's recorded rate, with one of its errors", async () => {
    const database = await makeDatabase(Array<string>(79).fill('fine'), 20)
    const failures = Array.from({ length: 2000 }, (_, index) =>
      drawFailure({ database, seed: 's', turn: `c-${index}#1` }, { tool: 'get', step: 0 }),
    )
    expect(new Set(failures)).toEqual(new Set([null, 'Error: busy']))
    // Three standard errors of 20 % of 2,000: 54.
    expect(Math.abs(failures.filter((failure) => failure !== null).length - 400)).toBeLessThan(55)
  })

  it('never comes for a tool that is unknown, or never failed', async () => {
    const database = await makeDatabase(['fine'], 0)
    for (let step = 0; step < 20; step += 1) {
      expect(drawFailure({ database, seed: 's', turn: 'c#1' }, { tool: 'get', step })).toBe(null)
      expect(drawFailure({ database, seed: 's', turn: 'c#1' }, { tool: 'unheard', step })).toBe(null)
    }
  })
})
