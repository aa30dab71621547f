import { cp, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { pickReplayed } from '../../examples/real-data/convert-tau-bench.ts'
import { writeCorpus } from '../../examples/real-data/write-corpus.ts'
import { openRunDirectory } from '../../src/adapters/run-directory.ts'
import { buildTools } from '../../src/commands/corpus-tools.ts'
import { type Conversation, type Message, readText } from '../../src/corpus/conversation.ts'
import type { RunRecord } from '../../src/record/schema.ts'
import { readRecord } from '../../src/record/store.ts'
import { addAnswered } from '../../src/record/trajectory.ts'
import type { ChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { expectReconciled } from '../support/reconcile.ts'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'
import { readTrajectories } from './convert-tau-bench.ts'
import { serveRecorded } from './recorded-agent.ts'
import { prepareExample, runExample } from './run.ts'

/** The completed trajectories of an arm, by turn. */
function listTrajectories({ completions }: RunRecord, arm: 'baseline' | 'candidate') {
  return [...completions].flatMap(({ arm: of, turn, completion }) =>
    of === arm && completion.kind === 'completed' && completion.trajectory !== undefined
      ? [{ turn, finishReason: completion.finishReason, ...completion.trajectory }]
      : [],
  )
}

/** How many calls were answered, from where, and how many of them by an error. */
function countAnswered(trajectories: ReturnType<typeof listTrajectories>) {
  const counts: Record<string, number> = { calls: 0, errors: 0 }
  for (const { source, calls, errors } of addAnswered(trajectories.flatMap(({ answered }) => answered))) {
    counts[source] = (counts[source] ?? 0) + calls
    counts.calls = (counts.calls ?? 0) + calls
    counts.errors = (counts.errors ?? 0) + errors
  }
  return counts
}

/** Gathers what the first two trials said to calls, as the command line does. */
async function collectPast(past: readonly Conversation[], folder: string): Promise<string> {
  let printed = ''
  const corpus = join(folder, 'past')
  await writeCorpus({ folder: corpus, name: 'past', conversations: past })
  await buildTools(
    {
      ...{
        paths: ['conversations.jsonl'],
        folder: corpus,
        repository: corpus,
        heldOut: [],
        heldOutWhere: [],
      },
      ...{ out: join(folder, 'tools'), json: true, now: new Date(), rubrics: resolve(root, 'rubrics') },
    },
    createRecordingLog(),
    (text) => {
      printed = text
    },
  )
  return JSON.parse(printed).digest
}

async function run(folder: string, live: ChatEndpoint, candidate = 'gpt-4o-again') {
  const arms = { folder, out: candidate, baseline: 'gpt-4o', candidate }
  const endpoints = ['baseline', 'candidate'].map((name) => `${name}=${live.url}`)
  const result = await runExample({ ...arms, endpoints })
  const directory = await openRunDirectory(join(folder, candidate), { make: false })
  return { ...result, record: await readRecord(directory) }
}

function listCalls({ messages }: Conversation) {
  return messages.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
}

function isError({ role, content }: Message): boolean {
  return role === 'tool' && readText(content).startsWith('Error: ')
}

describeWithShared('the third trial of an airline agent, replayed over HTTP', () => {
  let all: Conversation[]
  let replayed: Conversation[]
  let live: ChatEndpoint
  let folder = ''
  let digest = ''

  beforeAll(async () => {
    all = await readTrajectories(sharedPath('data/tau-bench/gpt-4o-airline.trials-0-2.json'))
    replayed = pickReplayed(all)
    folder = await prepareExample('tau-bench')
    digest = await collectPast(
      all.filter(({ metadata }) => metadata?.trial !== 2),
      folder,
    )
    await writeCorpus({ folder, name: 'tau-bench-airline-trial-2', conversations: replayed })
    live = await serveRecorded(replayed)
  })
  afterAll(() => live.close())

  it('has the database that the example names', async () => {
    const policy = await readFile(join(folder, 'checkpoint-gate.yml'), 'utf8')
    expect(policy).toContain(digest)
  })

  it('answers every call as the conversation’s own log does, errors among them', async () => {
    const { record, verdict, exitCode } = await run(folder, live)
    expect(exitCode).toBe(0)
    expectReconciled({ verdict: JSON.parse(verdict) }, 579)
    const trajectories = listTrajectories(record, 'candidate')
    expect(countAnswered(trajectories)).toEqual({ calls: 797, recorded: 797, errors: 56 })
    // Every turn is replayed, and what follows a result is a part of the turn before too. Those that answer a user have
    // each call once: 290, and 21 errors, but for one. It is the fourth that fails alike, and the trajectory ends there.
    expect(replayed.flatMap(listCalls)).toHaveLength(290)
    expect(replayed.flatMap(({ messages }) => messages.filter(isError))).toHaveLength(21)
    const first = trajectories.filter(({ turn }) => answersUser(replayed, turn))
    expect(first).toHaveLength(303)
    expect(countAnswered(first)).toEqual({ calls: 289, recorded: 289, errors: 20 })
    const loops = first.filter(({ finishReason }) => finishReason !== 'stop')
    expect(loops.map(({ turn, finishReason }) => [turn, finishReason])).toEqual([['9.2#44', 'loop']])
  }, 120_000)

  it('fails an agent that claims success after each error', async () => {
    const { record, verdict, exitCode } = await run(folder, live, 'gpt-4o-claims-success')
    expect(exitCode).toBe(1)
    expectReconciled({ verdict: JSON.parse(verdict) }, 579)
    const [category] = JSON.parse(verdict).categories
    expect(category).toMatchObject({
      verdict: 'fail',
      reason: 'worse-than-baseline',
      baseline: { events: 0 },
    })
    // Each turn that meets an error is flagged, whether it made the call or was given its result.
    const failed = new Set(
      listTrajectories(record, 'candidate').flatMap(({ turn, answered }) =>
        answered.some(({ errors }) => errors > 0) || followsError(replayed, turn) ? [turn] : [],
      ),
    )
    const flagged = record.outcomes.filter(
      ({ arm, category: id, label }) =>
        arm === 'candidate' && id === 'ignored-tool-error' && label.kind === 'present',
    )
    expect(flagged.map(({ turn }) => turn).toSorted()).toEqual([...failed].toSorted())
    expect(flagged).toHaveLength(46)
  }, 120_000)

  it('finds 197 of 290 calls among those of other conversations', async () => {
    const alone = await prepareExample('tau-bench')
    await cp(join(folder, 'tools'), join(alone, 'tools'), { recursive: true })
    // All that the user said at once, and nothing of what came of it: no call has an answer in its own conversation.
    const asked = replayed.map(askAtOnce)
    await writeCorpus({ folder: alone, name: 'tau-bench-at-once', conversations: asked })
    const server = await serveRecorded(replayed.map((each) => answerAtOnce(each)))
    try {
      const { record, verdict } = await run(alone, server)
      expectReconciled({ verdict: JSON.parse(verdict) }, 50)
      const trajectories = listTrajectories(record, 'candidate')
      const loops = trajectories.filter(({ finishReason }) => finishReason === 'loop')
      expect(loops.map(({ turn }) => turn)).toEqual(['9.2#2'])
      // The 290th is the fourth of the loop, and was never answered before. Of the recorded 8 failed in the log too, and
      // what is blocked is refused.
      expect(countAnswered(trajectories)).toEqual({ calls: 289, recorded: 197, blocked: 92, errors: 92 + 8 })
    } finally {
      await server.close()
    }
  }, 120_000)
})

function findPrefix(conversations: readonly Conversation[], turn: string): readonly Message[] {
  const [id, index] = turn.split('#')
  return conversations.find((each) => each.id === id)?.messages.slice(0, Number(index)) ?? []
}

function answersUser(conversations: readonly Conversation[], turn: string): boolean {
  return findPrefix(conversations, turn).at(-1)?.role === 'user'
}

function followsError(conversations: readonly Conversation[], turn: string): boolean {
  const prefix = findPrefix(conversations, turn)
  return prefix.slice(prefix.findLastIndex(({ role }) => role !== 'tool') + 1).some(isError)
}

function askAtOnce({ id, messages, tools, metadata }: Conversation): Conversation {
  const said = messages.filter(({ role }) => role === 'user').map(({ content }) => readText(content))
  const system = messages.filter(({ role }) => role === 'system')
  const answer: Message = { role: 'assistant', content: '(not recorded)' }
  return { id, messages: [...system, { role: 'user', content: said.join('\n\n') }, answer], tools, metadata }
}

/** The calls of a conversation one after the other, as the answer to all that its user said. */
function answerAtOnce(conversation: Conversation): Conversation {
  const asked = askAtOnce(conversation).messages.slice(0, -1)
  const calling = conversation.messages.filter(
    (message) =>
      message.role === 'tool' || (message.role === 'assistant' && message.tool_calls !== undefined),
  )
  return { ...conversation, messages: [...asked, ...calling] }
}
