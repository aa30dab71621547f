import type { Conversation } from '../corpus/conversation.ts'
import { collectCalls } from './calls.ts'
import type { ToolDatabase } from './database.ts'
import type { WrittenCall } from './own-trajectory.ts'
import { answerRecorded } from './recorded.ts'

/** How calls that are not in a database fare against it. */
export interface HitCounts {
  calls: number
  /** Those whose tool and arguments the database has with a response. */
  hits: number
  /** Of the hits that have a result in the log: that result, and what would be replayed in its place. */
  compared: number
  /** Compared ones whose text is the same. */
  sameText: number
  /** Compared ones that failed in the log. */
  errorsLogged: number
  /** Compared ones that would fail in a replay. */
  errorsReplayed: number
}

/** Counts by tool, sorted by name, and over all. */
export interface HitRate {
  conversations: number
  all: HitCounts
  tools: ({ name: string } & HitCounts)[]
}

/** Measures how often the calls of held-out conversations are in a database. */
export interface HitMeter {
  add(conversation: Conversation): void
  result(): HitRate
}

/** A meter that draws answers with this seed, as a replay of each calling message would. */
export function createHitMeter(database: ToolDatabase, seed: string): HitMeter {
  const tools = new Map<string, HitCounts>()
  let conversations = 0
  return {
    add(conversation) {
      conversations += 1
      // Of the calls before one, those that are the same decide what is drawn.
      const past = new Map<string, WrittenCall[]>()
      for (const { tool, written, digest, messageIndex, response } of collectCalls(conversation).calls) {
        const counts = tools.get(tool) ?? createCounts()
        tools.set(tool, counts)
        const call = { tool, arguments: written }
        const turn = `${conversation.id}#${messageIndex}`
        const since = past.get(digest.join()) ?? []
        const answer = answerRecorded({ trajectory: null, database, seed, turn }, { call, since })
        past.set(digest.join(), [...since, call])
        counts.calls += 1
        if (answer === null) continue
        counts.hits += 1
        if (response === null) continue
        counts.compared += 1
        if (answer.text === response.text) counts.sameText += 1
        if (response.isError) counts.errorsLogged += 1
        if (answer.isError) counts.errorsReplayed += 1
      }
    },
    result() {
      const named = [...tools].map(([name, counts]) => ({ name, ...counts }))
      return {
        conversations,
        all: named.reduce<HitCounts>(addCounts, createCounts()),
        tools: named.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      }
    },
  }
}

function createCounts(): HitCounts {
  return { calls: 0, hits: 0, compared: 0, sameText: 0, errorsLogged: 0, errorsReplayed: 0 }
}

function addCounts(sum: HitCounts, more: HitCounts): HitCounts {
  return {
    calls: sum.calls + more.calls,
    hits: sum.hits + more.hits,
    compared: sum.compared + more.compared,
    sameText: sum.sameText + more.sameText,
    errorsLogged: sum.errorsLogged + more.errorsLogged,
    errorsReplayed: sum.errorsReplayed + more.errorsReplayed,
  }
}
