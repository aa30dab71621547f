import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { RecordedLine } from '../../examples/real-data/recorded-lines.ts'
import type { Conversation } from '../../examples/real-data/write-corpus.ts'
import { root } from '../support/shared.ts'

const labelSchema = z.strictObject({
  rationale: z.string().min(1),
  label: z.enum(['present', 'absent', 'cannot-tell']),
  quote: z.string(),
})

/** The answer in a recorded line. */
export function readContent(line: RecordedLine): string {
  return line.response.body.choices[0].message.content
}

/** The label in a recorded line of a judge. */
export function readLabel(line: RecordedLine): z.infer<typeof labelSchema> {
  return labelSchema.parse(JSON.parse(readContent(line)))
}

/** How many of a judge's lines, for one arm and category, say `present`. */
export function countPresent(lines: readonly RecordedLine[], suffix: string): number {
  return lines.filter((line) => line.custom_id.endsWith(suffix) && readLabel(line).label === 'present').length
}

/** Whether users and assistants take turns from a user to an assistant, and nobody is silent. */
export function alternates(conversation: Conversation): boolean {
  return (
    conversation.messages.length % 2 === 0 &&
    conversation.messages.length > 0 &&
    conversation.messages.every(
      (message, index) =>
        message.role === (index % 2 === 0 ? 'user' : 'assistant') && message.content.trim() !== '',
    )
  )
}

const examplePolicySchema = z.object({
  judge: z.object({ model: z.string() }),
  categories: z.array(
    z.object({
      id: z.string(),
      graders: z.array(z.object({ kind: z.literal('pattern'), any: z.array(z.string()) })).optional(),
    }),
  ),
})

/** What the tests need of an example's policy. */
export function readExamplePolicy(example: string): {
  judgeModel: string
  categories: string[]
  patterns: string[]
} {
  const path = `${root}/examples/real-data/${example}/checkpoint-gate.yml`
  const policy = examplePolicySchema.parse(parse(readFileSync(path, 'utf8')))
  return {
    judgeModel: policy.judge.model,
    categories: policy.categories.map((category) => category.id),
    patterns: policy.categories.flatMap(
      (category) => category.graders?.flatMap((grader) => grader.any) ?? [],
    ),
  }
}

const exampleRegistrationSchema = z.object({
  candidate: z.string(),
  predictions: z.array(z.object({ category: z.string() })),
})

/** The candidate of an example's registration, and the categories that it predicts. */
export function readExampleRegistration(
  example: string,
  file: string,
): { candidate: string; categories: string[] } {
  const path = `${root}/examples/real-data/${example}/preregistration/${file}`
  const registration = exampleRegistrationSchema.parse(parse(readFileSync(path, 'utf8')))
  return {
    candidate: registration.candidate,
    categories: registration.predictions.map((prediction) => prediction.category),
  }
}
