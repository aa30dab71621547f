import type { ToolCall } from '../corpus/conversation.ts'
import type { Arm } from '../ports.ts'
import type { CallDefect, Failed, NotAsked, ToolResult } from '../replay/completion.ts'
import type { SampledTurn } from '../sample/sample.ts'
import { createBlockedEnvironment } from './blocked.ts'
import { cutText } from './cut-text.ts'
import type { ToolDatabase } from './database.ts'
import { findDefect } from './defect.ts'
import type { AnsweredCall, AskedCall, Environment } from './environment.ts'
import { listEnvironments, type ToolSettings } from './settings.ts'
import type { SimilarCalls } from './similar.ts'
import { writeError } from './write-error.ts'

/** An answer to a call, with what is counted of it. */
export interface ChainAnswer {
  kind: 'answered'
  result: ToolResult
  /** What was wrong with the call itself; `null` for nothing. */
  defect: CallDefect | null
  /** Whether the result was longer than policy lets it be. */
  isCut: boolean
}

/** The tools as one trajectory has them: what it has done so far is their state. */
export interface TrajectoryTools {
  /**
   * Answers one call. Calls are answered one after the other in the order in which they are asked, so that each finds the
   * world as those before it left it; parallel calls can be asked at once. Never rejects for what a model wrote.
   */
  answer(call: ToolCall): Promise<ChainAnswer | Failed | NotAsked>
  /** The calls that were answered, in order. */
  answered(): readonly AnsweredCall[]
}

/** All environments, as policy orders them. */
export interface ToolChain {
  open(trajectory: { turn: SampledTurn; arm: Arm }): TrajectoryTools
}

export interface ChainParts {
  settings: Pick<ToolSettings, 'environments' | 'perTool' | 'similar' | 'limits'>
  /** At most one of a source. What policy orders and nobody has given is passed over. */
  environments: readonly Environment[]
  /** Past calls, for the form of errors and for examples. */
  database: ToolDatabase | null
  similar: SimilarCalls | null
  /** The seed of the draw of turns. */
  seed: string
}

/**
 * Tries the environments in the order that policy has for a tool, and refuses what none of them answers.
 *
 * A call that is defective in itself never gets to a simulator or a live server: it gets what was recorded for this very
 * call, and else an error as frameworks give, of the source `blocked`. A tool that was not offered is always an error; where
 * the log does not say which were, those are taken for offered that were called before the turn or that the database knows.
 */
export function createToolChain(parts: ChainParts): ToolChain {
  const bySource = new Map(parts.environments.map((environment) => [environment.source, environment]))
  const blocked = bySource.get('blocked') ?? createBlockedEnvironment(parts)
  return {
    open({ turn, arm }) {
      const since: AnsweredCall[] = []
      const answer = async (call: ToolCall): Promise<ChainAnswer | Failed | NotAsked> => {
        const tool = turn.tools?.find((each) => each.function.name === call.function.name) ?? null
        const asked: AskedCall = { turn, arm, call, tool, since: [...since], examples: [] }
        const answered = await answerCall({ parts, bySource, blocked }, asked)
        if (answered.kind !== 'answered') return answered
        const { note, ...rest } = answered
        since.push({ call, result: rest.result, ...(note === undefined ? {} : { note }) })
        return rest
      }
      let last: Promise<unknown> = Promise.resolve()
      return {
        answer(call) {
          const answered = last.then(() => answer(call))
          last = answered.catch(() => undefined)
          return answered
        },
        answered: () => since,
      }
    },
  }
}

interface Tried {
  parts: ChainParts
  bySource: ReadonlyMap<string, Environment>
  blocked: Environment
}

async function answerCall(
  tried: Tried,
  asked: AskedCall,
): Promise<(ChainAnswer & { note?: string }) | Failed | NotAsked> {
  const { parts, blocked } = tried
  const { turn, call } = asked
  const defect = findDefect(call, {
    offered: turn.tools,
    isKnown: (name) => isRecorded({ ...parts, turn }, name),
  })
  const found = await tryEach(tried, { asked, defect: defect?.kind ?? null })
  if (found !== null && found.answer.kind !== 'answered') return found.answer
  const answer = found?.answer ?? (defect === null ? await blocked.answer(asked) : null)
  if (answer !== null && answer.kind !== 'answered') return answer
  const { text, isError, note, isCut } = answer ?? {
    text: writeError({ ...parts, turn: turn.id, tool: call.function.name }, defect?.message ?? ''),
    isError: true,
    note: undefined,
    isCut: undefined,
  }
  const cut = cutText(text, parts.settings.limits.resultBytes)
  return {
    kind: 'answered',
    result: { callId: call.id, text: cut.text, isError, source: found?.source ?? 'blocked' },
    defect: defect?.kind ?? null,
    isCut: isCut === true || cut.isCut,
    ...(note === undefined ? {} : { note }),
  }
}

/** Whether a tool was called in this conversation before the turn, or in another one that the database has. */
function isRecorded(
  { database, turn }: Pick<ChainParts, 'database'> & { turn: SampledTurn },
  tool: string,
): boolean {
  const isCalled = turn.prefix.some(
    (message) =>
      message.role === 'assistant' &&
      message.tool_calls?.some((call) => call.function.name === tool) === true,
  )
  return isCalled || database?.tools.some(({ name }) => name === tool) === true
}

type Answer = NonNullable<Awaited<ReturnType<Environment['answer']>>>

/** The first answer of the environments before `blocked`; `null` where none has one. */
async function tryEach(
  { parts, bySource }: Tried,
  { asked, defect }: { asked: AskedCall; defect: CallDefect | null },
): Promise<{ source: ToolResult['source']; answer: Answer } | null> {
  if (defect === 'unknown-tool') return null
  const order = listEnvironments(parts.settings, asked.call.function.name)
  let current = asked
  for (const source of order) {
    if (defect !== null && source !== 'recorded') continue
    const environment = bySource.get(source)
    if (environment === undefined) continue
    if (source === 'similar') current = { ...asked, examples: findExamples(parts, asked) }
    const answer = await environment.answer(current)
    if (answer !== null) return { source, answer }
  }
  return null
}

function findExamples({ similar, settings }: ChainParts, { call }: AskedCall): AskedCall['examples'] {
  const { threshold, examples } = settings.similar
  const { name, arguments: written } = call.function
  return similar?.find({ tool: name, arguments: written }, { threshold, atMost: examples }) ?? []
}
