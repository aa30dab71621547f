import { GateError } from '../errors.ts'
import type { Drawable } from './rank.ts'

/** More strata than this are no mix of traffic but a key that is nearly unique, such as a user's. */
const mostStrata = 200

const prefix = 'metadata.'
/** What would make two different lists of values read alike. */
const ambiguous = /[,="]/

/** What strata are told by. */
type Labelled = { metadata?: Drawable<unknown>['metadata'] | undefined }

/** A stratum: its name, what a target mix may call it instead, and its value of each key. */
export interface StratumIdentity {
  /** `surface=chat, language=en` */
  name: string
  /** `chat, en` */
  alias: string
  values: string[]
}

/**
 * The name of a conversation's stratum: `surface=chat, language=en` for the keys `surface` and
 * `metadata.language`, in the order of the keys, with `none` for a key that is missing. A value with a comma,
 * an equals sign or a quote is written as JSON, so that no two lists of values have the same name.
 */
export function readStratum(conversation: Labelled, keys: readonly string[]): string {
  return identifyStratum(conversation, keys).name
}

/** The stratum of a conversation. */
export function identifyStratum(conversation: Labelled, keys: readonly string[]): StratumIdentity {
  const { metadata = {} } = conversation
  const names = keys.map(stripPrefix)
  const values = names.map((name) => (Object.hasOwn(metadata, name) ? String(metadata[name]) : 'none'))
  return {
    name: names.map((name, index) => `${name}=${quote(values[index] ?? '')}`).join(', '),
    alias: values.length === 1 ? (values[0] ?? '') : values.map(quote).join(', '),
    values,
  }
}

/** A key of the metadata without `metadata.` before it. */
export function stripPrefix(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key
}

function quote(value: string): string {
  return ambiguous.test(value) ? JSON.stringify(value) : value
}

/** Refuses one stratum too many, and says which key makes so many of them. */
export function checkStrataCount(strata: readonly StratumIdentity[], keys: readonly string[]): void {
  if (strata.length <= mostStrata) return
  const counts = keys.map((key, index) => ({
    name: stripPrefix(key),
    values: new Set(strata.map(({ values }) => values[index])).size,
  }))
  const [worst] = counts.toSorted((a, b) => b.values - a.values)
  throw new GateError({
    code: 'policy',
    message:
      `the corpus has more than ${mostStrata} strata: the metadata key "${worst?.name}" has ` +
      `${worst?.values} values in the first ${strata.length} of them`,
    remedy: 'draw by keys with a few values each, such as a surface or a language',
  })
}
