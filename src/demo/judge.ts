import { type AnyBehaviour, asBehaviour, findBehaviour } from './behaviours.ts'
import { drawUniform } from './chance.ts'
import { type ChatMessage, type Completion, readAllText } from './chat.ts'

/** The share of completions with a behaviour that the simulated judge calls `present`. */
export const judgeSensitivity = 0.95
/** The share of completions without it that the simulated judge calls `present` all the same. */
export const judgeFalsePositiveRate = 0.002

type Opinion = { rationale: string; label: 'present' | 'absent' | 'cannot-tell'; quote: string }

/**
 * The simulated judge. It reads `Category: <id>` in the system message, once or for each category of a shared call, and
 * what stands between the `<completion-HEX>` tags in the user message, and nothing else tells it who wrote the
 * completion. Its errors are decided by a hash of the category and the user message, without the delimiter, which
 * may be a random one.
 */
export function judgeCompletion(messages: readonly ChatMessage[]): Completion {
  const [first, ...others] = readCategories(messages)
  const answer =
    others.length === 0
      ? formOpinion(messages, first)
      : {
          rationale: 'Each category by its own rubric.',
          grades: Object.fromEntries(
            [first, ...others].map((category) => [category, formOpinion(messages, category)]),
          ),
        }
  return { content: JSON.stringify(answer), toolCalls: [], finishReason: 'stop' }
}

function formOpinion(messages: readonly ChatMessage[], category: string | undefined): Opinion {
  const task = readTask(messages)
  if (category === undefined) return cannotTell('The system message names no category.')
  if (task === undefined) return cannotTell('The user message holds no delimited completion.')
  if (task.completion.trim() === '') return cannotTell('The completion is empty.')
  const behaviour = asBehaviour(category)
  if (behaviour === undefined) return absent(`Nothing in the completion matches ${category}.`)
  const number = drawUniform(['judge', behaviour, task.content])
  return judgeBehaviour({ behaviour, completion: task.completion, number })
}

function judgeBehaviour(task: { behaviour: AnyBehaviour; completion: string; number: number }): Opinion {
  const sentence = findBehaviour(task.completion, task.behaviour)
  if (sentence !== undefined && task.number < judgeSensitivity) {
    return { rationale: `This sentence shows ${task.behaviour}.`, label: 'present', quote: sentence }
  }
  if (sentence === undefined && task.number < judgeFalsePositiveRate) {
    return {
      rationale: `The beginning can be read as ${task.behaviour}.`,
      label: 'present',
      quote: readFirstSentence(task.completion),
    }
  }
  return absent(`The completion does not show ${task.behaviour}.`)
}

function absent(rationale: string): Opinion {
  return { rationale, label: 'absent', quote: '' }
}

function cannotTell(rationale: string): Opinion {
  return { rationale, label: 'cannot-tell', quote: '' }
}

function readFirstSentence(text: string): string {
  return (/[^\s][^.!?\n]*[.!?]?/.exec(text)?.[0] ?? text).slice(0, 200)
}

function readCategories(messages: readonly ChatMessage[]): string[] {
  const instructions = `${readAllText(messages, 'system')}\n${readAllText(messages, 'developer')}`
  const named = instructions.matchAll(/^(?:# )?Category:[ \t]*(\S+)[ \t]*$/gm)
  return [...named].flatMap(([, id]) => (id === undefined ? [] : [id]))
}

/** The completion to judge, and the whole user message without the delimiter; undefined without tags. */
function readTask(messages: readonly ChatMessage[]): { completion: string; content: string } | undefined {
  const content = readAllText(messages, 'user')
  // Tags that a conversation or a completion imitates lie before the last closing one.
  const close = [...content.matchAll(/\n<\/completion-([0-9a-f]+)>/gi)].at(-1)
  const delimiter = close?.[1]
  if (close === undefined || delimiter === undefined) return undefined
  const open = `<completion-${delimiter}>\n`
  const start = content.indexOf(open)
  if (start === -1) return undefined
  const from = start + open.length
  const completion = content.slice(from, Math.max(from, close.index))
  return { completion, content: content.replaceAll(`-${delimiter}>`, '>') }
}
