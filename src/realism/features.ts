import { type Message, readText } from '../corpus/conversation.ts'
import { looksLikeError } from '../tools/error-result.ts'
import { readJson } from '../tools/read-json.ts'
import { readTrace, type Trace } from '../tools/trace.ts'
import type { RealismPair } from './pair.ts'

/** Numbers that say how a rollout looks, by name. What a rollout lacks is 0. */
export type Features = Record<string, number>

/** Tools, and tools that follow each other, with features of their own: the most frequent ones. */
const mostTools = 12
const mostSequences = 12

/** Which tools and which sequences of two have features: counted over both rollouts of all pairs, so that no label shows. */
export interface Vocabulary {
  tools: string[]
  sequences: string[]
}

const begin = '(begin)'
const end = '(end)'

/** The most frequent tools and sequences of the rollouts of pairs. */
export function chooseVocabulary(pairs: readonly RealismPair[]): Vocabulary {
  const tools = new Map<string, number>()
  const sequences = new Map<string, number>()
  const count = (counts: Map<string, number>, names: Iterable<string>) => {
    for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const { real, simulated } of pairs) {
    for (const messages of [real, simulated]) {
      const names = listNames(readRollout(messages))
      count(tools, names)
      count(sequences, listSequences(names))
    }
  }
  return { tools: takeMost(tools, mostTools), sequences: takeMost(sequences, mostSequences) }
}

function takeMost(counts: ReadonlyMap<string, number>, most: number): string[] {
  return [...counts]
    .toSorted(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([name]) => name)
}

function readRollout(messages: Message[]): Trace {
  return readTrace({ prefix: messages, toolCalls: [] })
}

function listNames({ calls }: Trace): string[] {
  return calls.map(({ tool }) => tool)
}

function listSequences(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const all = [begin, ...names, end]
  return all.slice(1).map((name, index) => `${all[index]} → ${name}`)
}

/** Lengths and counts go in as logarithms: ten times as long is the same step everywhere. */
const scale = (amount: number) => Math.log1p(amount)

/** How a rollout looks: lengths, calls, errors and formats, and the tools of the vocabulary. */
export function readFeatures(messages: Message[], vocabulary: Vocabulary): Features {
  const trace = readRollout(messages)
  const names = listNames(trace)
  const sequences = listSequences(names)
  const said = messages.filter(({ role, content }) => role === 'assistant' && readText(content) !== '')
  const words = said.map(({ content }) => readText(content))
  const results = trace.results.map(({ text }) => text)
  const last = messages.at(-1)
  return {
    'texts of the assistant': scale(words.length),
    'ends with words': Number(last?.role === 'assistant' && readText(last.content) !== ''),
    refusals: messages.filter((message) => message.role === 'assistant' && message.refusal).length,
    ...describeText('words', words),
    calls: scale(names.length),
    'different tools': scale(new Set(names).size),
    'calls that repeat another': scale(
      names.length - new Set(trace.calls.map(({ tool, arguments: written }) => `${tool} ${written}`)).size,
    ),
    'calls without a result': scale(Math.max(0, names.length - results.length)),
    'results that are errors': scale(results.filter(looksLikeError).length),
    'results that are empty': scale(
      results.filter((text) => /^\s*(?:|\[\]|\{\}|null|"")\s*$/.test(text)).length,
    ),
    ...describeText(
      'arguments',
      trace.calls.map((call) => call.arguments),
    ),
    ...describeText('results', results),
    ...describeJson(results),
    ...describeTools(trace, vocabulary),
    ...Object.fromEntries(
      vocabulary.sequences.map((sequence) => [
        `sequence ${sequence}`,
        scale(sequences.filter((own) => own === sequence).length),
      ]),
    ),
  }
}

const patterns = {
  digits: /\d/g,
  dates: /\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b/g,
  'round numbers': /\b[1-9]\d*00\b/g,
  'decimal fractions': /\d\.\d/g,
  capitals: /\p{Lu}/gu,
  'line breaks': /\n/g,
  'questions and exclamations': /[?!]/g,
  'lists and emphasis': /^\s*(?:[-*•]|\d+\.)\s|\*\*/gm,
}

/** Length, and how often each pattern is found in it, of texts of one kind. */
function describeText(kind: string, texts: readonly string[]): Features {
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0)
  const found = Object.entries(patterns).map(([name, pattern]) => [
    `${name} in ${kind}`,
    scale(texts.reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0)),
  ])
  return {
    [`characters of ${kind}`]: scale(length),
    [`longest of ${kind}`]: scale(longest),
    ...Object.fromEntries(found),
  }
}

interface Shape {
  keys: number
  depth: number
  lists: number
  nulls: number
  snake: number
  camel: number
}

function describeJson(results: readonly string[]): Features {
  const sum: Shape = { keys: 0, depth: 0, lists: 0, nulls: 0, snake: 0, camel: 0 }
  let parsed = 0
  for (const text of results) {
    const json = readJson(text)
    if (json.kind === 'other' || typeof json.value !== 'object') continue
    parsed += 1
    measureShape(json.value, { sum, depth: 1 })
  }
  return {
    'results in JSON': scale(parsed),
    'JSON keys': scale(sum.keys),
    'depth of JSON': sum.depth,
    'lists in JSON': scale(sum.lists),
    'nulls in JSON': scale(sum.nulls),
    'keys in snake case': scale(sum.snake),
    'keys in camel case': scale(sum.camel),
  }
}

const deepest = 50

function measureShape(value: unknown, { sum, depth }: { sum: Shape; depth: number }): void {
  if (value === null) sum.nulls += 1
  if (typeof value !== 'object' || value === null || depth > deepest) return
  sum.depth = Math.max(sum.depth, depth)
  if (Array.isArray(value)) {
    sum.lists += 1
    for (const item of value) measureShape(item, { sum, depth: depth + 1 })
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    sum.keys += 1
    if (key.includes('_')) sum.snake += 1
    if (/[a-z][A-Z]/.test(key)) sum.camel += 1
    measureShape(inner, { sum, depth: depth + 1 })
  }
}

function describeTools(trace: Trace, { tools }: Vocabulary): Features {
  return Object.fromEntries(
    tools.flatMap((tool) => {
      const results = trace.results.filter((result) => result.tool === tool).map(({ text }) => text)
      return [
        [`calls of ${tool}`, scale(trace.calls.filter((call) => call.tool === tool).length)],
        [`errors of ${tool}`, scale(results.filter(looksLikeError).length)],
        [`characters of results of ${tool}`, scale(results.reduce((sum, text) => sum + text.length, 0))],
      ]
    }),
  )
}
