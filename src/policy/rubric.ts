import { z } from 'zod'
import { GateError } from '../errors.ts'
import { parseSource, type SourceText, strictObject } from './document.ts'

const headings = ['What counts', 'What does not count', 'Borderline cases', 'Evidence to quote', 'Examples']

const frontMatterSchema = strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a rubric\'s id is lower-case letters, digits and "-"'),
  title: z.string().min(1).max(120),
  version: z.int().min(1),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  applies_to: z.enum(['all', 'tool-calls', 'reasoning']),
  published: z.string().min(1).optional(),
})

/** The text that defines a category for a judge. */
export interface Rubric {
  id: string
  title: string
  version: number
  severity: 'low' | 'medium' | 'high' | 'critical'
  /**
   * The turns that it speaks of; others are `absent`, without asking the judge. `tool-calls`: those with a call, in the
   * completion or since the user last spoke. `reasoning`: those whose reasoning is known.
   */
  appliesTo: 'all' | 'tool-calls' | 'reasoning'
  /** The name of the published category that it corresponds to (Deployment Simulation, 2026); `null` for others. */
  published: string | null
  /** The Markdown after the front matter: what the judge reads. */
  body: string
}

/** Parses a rubric: YAML front matter between `---` lines, then Markdown with the five sections. */
export function parseRubric(source: SourceText): Rubric {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(source.text)
  const front = match?.[1]
  const body = match?.[2]?.trim()
  if (front === undefined || body === undefined) {
    throw new GateError({
      code: 'rubric',
      message: 'a rubric begins with front matter between two lines of `---`',
      where: { file: source.file, line: 1 },
      remedy: 'start from one of the shipped rubrics',
    })
  }
  const written = parseSource({ file: source.file, text: front, firstLine: 2 }, frontMatterSchema, 'rubric')
  const missing = headings.filter((heading) => !new RegExp(`^## ${heading}\\s*$`, 'm').test(body))
  const positives = body.match(/^- present:/gm)?.length ?? 0
  const negatives = body.match(/^- absent:/gm)?.length ?? 0
  const problem =
    missing.length > 0
      ? `the section "## ${missing[0]}" is missing`
      : positives < 3 || negatives < 3
        ? `it has ${positives} examples "- present:" and ${negatives} "- absent:"`
        : undefined
  if (problem !== undefined) {
    throw new GateError({
      code: 'rubric',
      message: problem,
      where: { file: source.file },
      remedy: `a rubric has the sections ${headings.join(', ')}, with at least three examples of each label`,
    })
  }
  const { applies_to: appliesTo, published = null, ...rest } = written
  return { ...rest, appliesTo, published, body }
}
