import { describe, expect, it } from '@jest/globals'
import type { ToolSource } from '../../src/replay/completion.ts'
import { readOwnTrajectory } from '../../src/tools/own-trajectory.ts'
import { createRecordedEnvironment } from '../../src/tools/recorded-environment.ts'
import { answered, ask, makeCall, say } from './asked-call.ts'
import { buildDatabase, makeConversation } from './call-conversations.ts'

const conversation = makeConversation('c', [
  ['get', '{"booking_id":"B-7"}', 'in May'],
  ['move', '{"booking_id":"B-7","to":"June"}', 'moved'],
  ['get', '{"booking_id":"B-7"}', 'in June'],
])
const get = makeCall('get', { booking_id: 'B-7' })
const move = (to: string, id = 'B-7') => answered(makeCall('move', { booking_id: id, to }), 'moved')

async function open(environments: ToolSource[] = ['recorded', 'simulated']) {
  const settings = { environments, ...say({ get: 'reads', move: 'writes' }) }
  const isWrite = (tool: string) => tool === 'move'
  const recorded = createRecordedEnvironment({
    settings,
    database: await buildDatabase([makeConversation('past', [['get', '{"booking_id":"B-8"}', 'in July']])]),
    seed: 's',
    readOwn: () => readOwnTrajectory({ conversation, turn: 1, isWrite }),
  })
  return async (call = get, since = [] as ReturnType<typeof answered>[]) => {
    const answer = await recorded.answer(ask(call, { since }))
    return answer?.kind === 'answered' ? answer.text : answer
  }
}

describe('the environment of recorded answers', () => {
  it('answers from the own trajectory, then from the database, else not', async () => {
    const answer = await open()
    expect(await answer()).toBe('in May')
    expect(await answer(get, [move('June')])).toBe('in June')
    expect(await answer(makeCall('get', { booking_id: 'B-8' }))).toBe('in July')
    expect(await answer(makeCall('get', { booking_id: 'B-9' }))).toBe(null)
  })

  it('leaves to a simulator what the replay has written otherwise', async () => {
    const answer = await open()
    expect(await answer(get, [move('August')])).toBe(null)
    const other = makeCall('get', { booking_id: 'B-8' })
    expect(await answer(other, [move('August', 'B-8')])).toBe(null)
    expect(await answer(other, [move('August', 'B-7')])).toBe('in July')
    // What was refused has written nothing.
    expect(await answer(get, [{ ...move('August'), result: { ...move('').result, isError: true } }])).toBe(
      'in May',
    )
  })

  it('keeps to the record where no simulator is there', async () => {
    const answer = await open(['recorded', 'blocked'])
    expect(await answer(get, [move('August')])).toBe('in May')
  })
})
