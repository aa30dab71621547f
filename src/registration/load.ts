import { isNode, LineCounter, parseDocument } from 'yaml'
import { GateError, type Place } from '../errors.ts'
import { formatPath, parseSource, type SourceText, suggestKey } from '../policy/document.ts'
import { formatRate } from '../policy/rate.ts'
import type { Policy } from '../policy/schema.ts'
import { suggestFileName } from './file-name.ts'
import { type Registration, registrationSchema } from './schema.ts'
import { writeText } from './write.ts'

/** A registration and the file it came from. */
export interface LoadedRegistration {
  file: string
  text: string
  /** `standing`: made by the gate, as policy lets it, where no file names the candidate. */
  from: 'file' | 'standing'
  registration: Registration
}

/**
 * Finds the one registration of a candidate among the files of the registrations' folder.
 * @throws GateError when there is none, when there are two, or when it does not fit the policy
 */
export function findRegistration(request: {
  files: SourceText[]
  candidate: string
  policy: Policy
}): LoadedRegistration {
  const { files, candidate, policy } = request
  const named = files.map((file) => ({ file, candidate: peekCandidate(file) }))
  const matches = named.filter((entry) => entry.candidate === candidate)
  const [match, second] = matches
  if (match === undefined) throw describeAbsence({ named, candidate, folder: policy.registrations })
  if (second !== undefined) {
    throw new GateError({
      code: 'registration',
      message: `two registrations are for "${candidate}": ${match.file.file} and ${second.file.file}`,
      where: { file: second.file.file, field: 'candidate' },
      remedy: 'keep one of them',
    })
  }
  return { ...match.file, from: 'file', registration: parseRegistration(match.file, policy) }
}

/**
 * Parses a registration and checks it against the policy that it tightens.
 * @throws GateError for what is no registration, or the first thing in it that does not fit the policy
 */
export function parseRegistration(source: SourceText, policy: Policy): Registration {
  const registration = readRegistration(source)
  const [misfit] = listMisfits({ source, registration, policy })
  if (misfit !== undefined) throw misfit
  return registration
}

/**
 * Parses a registration by itself, whatever the policy.
 * @throws GateError for what is none
 */
export function readRegistration(source: SourceText): Registration {
  return parseSource(source, registrationSchema, 'registration')
}

/** Everything in a registration that does not fit the policy that it tightens. */
export function listMisfits(parts: {
  source: SourceText
  registration: Registration
  policy: Policy
}): GateError[] {
  const { source, registration, policy } = parts
  const ids = policy.categories.map((category) => category.id)
  const seen = new Set<string>()
  return registration.predictions.flatMap(({ category: id, limitPer100k }, index) => {
    const found: GateError[] = []
    const refuse = (field: string, message: string, remedy: string) => {
      const path = ['predictions', index, field]
      const where = { ...locate(source, path), field: formatPath(path) }
      found.push(new GateError({ code: 'registration', message, where, remedy }))
    }
    const category = policy.categories.find((entry) => entry.id === id)
    if (category === undefined) {
      const nearest = suggestKey(id, ids)
      refuse(
        'category',
        `the policy has no category "${id}"${nearest}`,
        "name one of the policy's categories",
      )
    }
    if (seen.has(id)) refuse('category', `"${id}" is predicted twice`, 'keep one of the two')
    seen.add(id)
    const limit = category?.limitPer100k ?? null
    if (category === undefined || limitPer100k === null) return found
    // A new limit would be a new test, and every test makes the others less likely to fail (Holm).
    if (limit === null) {
      refuse(
        'limit',
        `the policy has no limit for "${id}" that could be tightened`,
        'leave it out, or add a limit to the policy in a reviewed pull request',
      )
    } else if (limitPer100k > limit) {
      refuse(
        'limit',
        `the limit ${formatRate(limitPer100k)} is looser than the policy's ${formatRate(limit)}`,
        'a registration can only tighten a limit: leave it out, or change the policy in a reviewed pull request',
      )
    }
    return found
  })
}

/** The line on which a category's prediction begins; 1 when the category is not predicted. */
export function findPredictionLine(loaded: LoadedRegistration, category: string): number {
  const index = loaded.registration.predictions.findIndex((prediction) => prediction.category === category)
  return index < 0 ? 1 : (locate(loaded, ['predictions', index]).line ?? 1)
}

function describeAbsence(request: {
  named: { file: SourceText; candidate: string | null }[]
  candidate: string
  folder: string
}): GateError {
  const { named, candidate, folder } = request
  const broken = named.find((entry) => entry.candidate === null)
  const others = named.flatMap((entry) => (entry.candidate === null ? [] : [`"${entry.candidate}"`]))
  const found =
    others.length === 0 ? 'the folder has no other' : `the folder has ${others.slice(0, 5).join(', ')}`
  return new GateError({
    code: 'registration',
    message: `no registration is for "${candidate}" (${found}${broken === undefined ? '' : `; ${broken.file.file} names no candidate that can be read`})`,
    where: { file: broken?.file.file ?? `${folder}/` },
    remedy: `write ${folder}/${suggestFileName(candidate)} with \`candidate: ${writeText(candidate)}\` and what you predict, before the run (\`checkpoint-gate register\` drafts it)`,
  })
}

/** The candidate that a document is about; `null` where it can't be told. */
export function peekCandidate(source: SourceText): string | null {
  const document = parseDocument(source.text, { version: '1.2' })
  if (document.errors.length > 0) return null
  const value: unknown = document.getIn(['candidate'])
  return typeof value === 'string' ? value : null
}

/** The line and column of a field of a YAML or JSON document, where it can be found. */
export function locate(source: SourceText, path: PropertyKey[]): Place {
  const lineCounter = new LineCounter()
  const node: unknown = parseDocument(source.text, { version: '1.2', lineCounter }).getIn(path, true)
  const range = isNode(node) ? node.range : undefined
  if (!range) return { file: source.file }
  const { line, col } = lineCounter.linePos(range[0])
  return { file: source.file, line, column: col }
}
