import type { Tool, ToolCall } from '../corpus/conversation.ts'
import type { Arm } from '../ports.ts'
import type { Failed, NotAsked, ToolResult, ToolSource } from '../replay/completion.ts'
import type { SampledTurn } from '../sample/sample.ts'
import type { SimilarCall } from './similar.ts'

/** A call that was answered in this replay. */
export interface AnsweredCall {
  call: ToolCall
  result: ToolResult
  /** What the call did to the world of this replay, in the words of whoever answered it; left out where that says nothing. */
  note?: string
}

/** A call to answer, and the state that it is made in. */
export interface AskedCall {
  turn: SampledTurn
  arm: Arm
  call: ToolCall
  /** As it was offered; `null` for a tool that was not. */
  tool: Tool | null
  /** The calls of this replay before it, since the turn: what was created, changed and deleted in its world. */
  since: readonly AnsweredCall[]
  /** Past calls of the same tool that are like it; none where policy looks for none. */
  examples: readonly SimilarCall[]
}

/** One way to answer a tool call without touching the world. */
export interface Environment {
  readonly source: ToolSource
  /**
   * `null`: it has no answer, and the next way is tried. A failure, or nothing asked, ends the trajectory without a
   * completion: it says nothing of the model.
   */
  answer(
    asked: AskedCall,
  ): Promise<
    | { kind: 'answered'; text: string; isError: boolean; note?: string; isCut?: true }
    | Failed
    | NotAsked
    | null
  >
}
