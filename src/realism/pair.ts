import { z } from 'zod'
import { messageSchema, toolSchema } from '../corpus/conversation.ts'
import { GateError, type Place } from '../errors.ts'
import { checkShape, formatPath, strictObject } from '../policy/document.ts'
import { type RealismDigests, realismDigestsSchema } from '../policy/realism-result.ts'
import { toolSources } from '../replay/completion.ts'

const rolloutSchema = z
  .array(messageSchema)
  .min(1)
  .superRefine((messages, context) => {
    const refuse = (index: number, message: string) =>
      context.addIssue({ code: 'custom', path: [index], message })
    if (messages[0]?.role !== 'assistant') refuse(0, 'a rollout begins with what the assistant said')
    const other = messages.findIndex(({ role }) => role !== 'assistant' && role !== 'tool')
    if (other > 0) {
      refuse(
        other,
        `a rollout has no message of role "${messages[other]?.role}": it ends before the next user message`,
      )
    }
  })

/** One line of a file of pairs: what production did after a prefix, and what a replay with simulated tools did. */
export const realismPairSchema = strictObject({
  id: z.string().min(1).max(300).meta({ description: 'A name of its own, such as the id of the turn.' }),
  conversation: z
    .string()
    .min(1)
    .max(300)
    .meta({ description: 'Pairs of one conversation are no independent ones.' }),
  prefix: z.array(messageSchema).min(1).meta({ description: 'What both rollouts go on from.' }),
  tools: z.array(toolSchema).min(1).optional().meta({ description: 'The tools that were offered.' }),
  real: rolloutSchema.meta({ description: 'What production did, up to the next user message or the end.' }),
  simulated: rolloutSchema.meta({ description: 'What the replay did.' }),
  sources: z
    .record(z.string(), z.enum(toolSources))
    .optional()
    .meta({ description: 'Where the result of each simulated tool call came from, by the id of the call.' }),
  of: realismDigestsSchema.optional().meta({
    description: 'Digests of what made the simulated rollout, as `realism pairs` writes them.',
  }),
})

/** Two rollouts on the same prefix. */
export type RealismPair = z.infer<typeof realismPairSchema>

/** What an assistant did from a turn on: its messages, and the results that its tools gave. */
export interface Rollout {
  messages: RealismPair['real']
}

/** What pairs say that they are of, where all of them say the same; else nothing. */
export function findDigests(pairs: readonly RealismPair[]): RealismDigests {
  const said = new Set(pairs.map(({ of }) => JSON.stringify(of ?? null)))
  return (said.size === 1 ? pairs[0]?.of : undefined) ?? { simulator: null, database: null, policy: null }
}

/**
 * Reads pairs, one a line; blank lines are skipped.
 * @throws GateError naming line and field of the first line that is no pair, for an id that stands twice, and for none
 */
export function parsePairs({ file, text }: { file: string; text: string }): RealismPair[] {
  const pairs: RealismPair[] = []
  const lines = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const pair = parsePair(line, { file, line: index + 1 })
    const before = lines.get(pair.id)
    if (before !== undefined) {
      throw refuse({
        message: `the pair "${pair.id}" stands on line ${before} already`,
        where: { file, line: index + 1, field: 'id' },
        remedy: 'give each pair an id of its own',
      })
    }
    lines.set(pair.id, index + 1)
    pairs.push(pair)
  }
  if (pairs.length > 0) return pairs
  throw refuse({
    message: 'there is no pair in it',
    where: { file },
    remedy: 'write one pair of rollouts a line (docs/realism.md)',
  })
}

function parsePair(line: string, place: { file: string; line: number }): RealismPair {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    const message = `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`
    throw refuse({ message, where: place, remedy: 'write one JSON object a line' })
  }
  const checked = checkShape(realismPairSchema, value)
  if (checked.kind === 'fits') return checked.value
  const [{ message, path, remedy }] = checked.problems
  const field = path.length === 0 ? undefined : formatPath(path)
  throw refuse({ message, where: { ...place, field }, remedy })
}

function refuse(problem: { message: string; where: Place; remedy: string }): GateError {
  return new GateError({ code: 'realism', ...problem })
}
