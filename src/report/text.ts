import { safeText } from '../safe-text.ts'

/** Text that is not ours (ids, names of models, messages) or has to be typed as it stands (files, keys). */
export interface Verbatim {
  readonly verbatim: string
  /** How many characters of it are shown, where that is not what a sink shows by itself. */
  readonly longest?: number
}

/** A part of a sentence: our own words, or text that every sink sets apart and makes inert. */
export type Part = string | Verbatim

/** A sentence before any sink's escaping. */
export type Text = readonly Part[]

/** Marks text as not ours; people's sentences need more room than an id has. */
export function verbatim(text: string, longest?: number): Verbatim {
  return longest === undefined ? { verbatim: text } : { verbatim: text, longest }
}

/** A sentence from a template: interpolated strings count as our own words. */
export function say(words: TemplateStringsArray, ...values: (Part | number | Text)[]): Text {
  return words.flatMap((word, index) => {
    const value = values[index]
    if (value === undefined) return [word]
    if (typeof value === 'number') return [word, formatCount(value)]
    return isPart(value) ? [word, value] : [word, ...value]
  })
}

/** Sentences one after the other; what says nothing is left out. */
export function joinTexts(texts: readonly Text[], separator = ' '): Text {
  return texts
    .filter((text) => text.some((part) => part !== ''))
    .flatMap((text, index) => (index === 0 ? text : [separator, ...text]))
}

/** A sentence as one line of plain text, for a log, an output or a terminal. */
export function formatPlain(text: Text): string {
  const longest = 2000
  return safeText(text.map((part) => (typeof part === 'string' ? part : part.verbatim)).join(''), longest)
}

/** `4975` as `4,975`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

function isPart(value: Part | Text): value is Part {
  return typeof value === 'string' || !Array.isArray(value)
}

/** One line of a list of facts. */
export interface Fact {
  name: string
  value: Text
}
