import { distance } from 'fastest-levenshtein'
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { z } from 'zod'
import { GateError, type GateErrorCode, type Place } from '../errors.ts'

/** A text that a user wrote, with what errors need to point at it. */
export interface SourceText {
  file: string
  text: string
  /** The line of the file at which `text` starts; 1 unless the text is part of a file. */
  firstLine?: number | undefined
}

/**
 * Parses a YAML or JSON document strictly and checks it against a schema.
 *
 * JSON is read as the YAML it is, so that both refuse duplicate keys and both give lines and columns.
 * @throws GateError naming file, line, column and field of every problem found.
 */
export function parseSource<S extends z.ZodType>(
  source: SourceText,
  schema: S,
  code: GateErrorCode,
): z.infer<S> {
  const lines = new LineCounter()
  const document = parseDocument(source.text, {
    lineCounter: lines,
    uniqueKeys: isSameKey,
    prettyErrors: false,
    version: '1.2',
  })
  const offset = (source.firstLine ?? 1) - 1
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    const duplicate = syntax.code === 'DUPLICATE_KEY'
    throw new GateError({
      code,
      message: duplicate ? 'the same key is written twice' : `not valid YAML or JSON: ${syntax.message}`,
      where: { file: source.file, line: line + offset, column: col },
      remedy: duplicate ? 'keep one of the two' : 'mend the syntax at that place',
    })
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw new GateError({
      code,
      message: 'the file is empty',
      where: { file: source.file },
      remedy: 'write the file, or restore it',
    })
  }
  const checked = checkShape(schema, toPlain(document, source.file, code))
  if (checked.kind === 'fits') return checked.value
  const [first, ...others] = checked.problems
  const locate = (path: PropertyKey[], key: boolean): Place => {
    const position = findPosition({ document, lines, path, key })
    return { file: source.file, ...shift(position, offset), field: formatField(path) }
  }
  const rest = others.map((problem) => {
    const place = locate(problem.path, problem.key)
    return `\n  also ${place.field ?? 'the whole'}${place.line === undefined ? '' : ` (line ${place.line})`}: ${problem.message}`
  })
  throw new GateError({
    code,
    message: first.message + rest.join(''),
    where: locate(first.path, first.key),
    remedy: first.remedy,
  })
}

/** What is wrong with a value, by its path from the outermost value. */
export interface Problem {
  message: string
  remedy: string
  path: PropertyKey[]
  /** True when the key itself is wrong, not its value. */
  key: boolean
}

const missing = 'it is missing'

/** Checks a value against a schema and says in words what does not fit, the most telling first. */
export function checkShape<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { kind: 'fits'; value: z.infer<S> } | { kind: 'wrong'; problems: [Problem, ...Problem[]] } {
  const parsed = schema.safeParse(value, {
    error: (issue) => (issue.input === undefined ? missing : undefined),
  })
  if (parsed.success) return { kind: 'fits', value: parsed.data }
  // A mistyped key shows twice, as unknown and as missing: the unknown one says more.
  const [first, ...rest] = parsed.error.issues
    .flatMap((issue) => describeIssue(issue))
    .toSorted((a, b) => Number(b.key) - Number(a.key))
  if (first === undefined) throw parsed.error
  return { kind: 'wrong', problems: [first, ...rest] }
}

function describeIssue(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({
      message: issue.message,
      remedy: 'remove it or correct its name',
      path: [...issue.path, name],
      key: true,
    }))
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest says most: the one whose first problem lies deepest.
    const branches = issue.errors.filter((branch) => branch.length > 0)
    const best = branches.toSorted((a, b) => depth(b) - depth(a))[0]
    if (best !== undefined && depth(best) > 0) {
      return best.flatMap((inner) =>
        describeIssue({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue),
      )
    }
  }
  const remedy = issue.message === missing ? 'add it' : 'correct the value'
  return [{ message: issue.message, remedy, path: issue.path, key: false }]
}

function depth(branch: z.core.$ZodIssue[]): number {
  return Math.max(...branch.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)))
}

/** An object in which an unknown key is an error that names the nearest known one. */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? (issue.keys as string[]).map((name) => `unknown key "${name}"${suggestKey(name, known)}`).join(', ')
        : undefined,
  })
}

/** `; did you mean "limit"?` when a known key is near, else the list of them. */
export function suggestKey(name: string, known: string[]): string {
  const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0]
  if (nearest === undefined) return ''
  if (distance(name, nearest) <= Math.max(2, name.length / 2)) return `; did you mean "${nearest}"?`
  return `; known keys: ${known.join(', ')}`
}

// `1` and `"1"` are two keys to YAML and one to everything that reads it.
function isSameKey(first: Node, second: Node): boolean {
  return (
    first === second || (isScalar(first) && isScalar(second) && String(first.value) === String(second.value))
  )
}

function toPlain(document: Document, file: string, code: GateErrorCode): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new GateError({
      code,
      message: `the document can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file },
      remedy: 'write the values out instead of using anchors and aliases',
      cause,
    })
  }
}

function findPosition(search: { document: Document; lines: LineCounter; path: PropertyKey[]; key: boolean }) {
  const { document, lines, path, key } = search
  for (let length = path.length; length >= 0; length -= 1) {
    const node = findNode(document, path.slice(0, length), key && length === path.length)
    const range = isNode(node) ? node.range : undefined
    if (range) {
      const { line, col } = lines.linePos(range[0])
      return { line, column: col }
    }
  }
  return undefined
}

function findNode(document: Document, path: PropertyKey[], key: boolean): unknown {
  const last = path.at(-1)
  if (!key || last === undefined) return path.length === 0 ? document.contents : document.getIn(path, true)
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  return parent.items.find((item) => isPair(item) && String(item.key) === String(last))?.key
}

function shift(position: { line: number; column: number } | undefined, offset: number) {
  return position === undefined ? {} : { line: position.line + offset, column: position.column }
}

/** The path as a field; none for the outermost value. */
function formatField(path: PropertyKey[]): string | undefined {
  return path.length === 0 ? undefined : formatPath(path)
}

/** `categories[2].limit` */
export function formatPath(path: PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.startsWith('.') ? text.slice(1) : text
}
