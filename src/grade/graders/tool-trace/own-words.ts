/** A text made easy to search, with the way back to it. */
export interface Words {
  original: string
  /** The text with straight apostrophes and quotation marks, single blanks, and no emphasis or invisible marks. */
  folded: string
  /** Of each UTF-16 unit of `folded`, its index in `original`. */
  origin: number[]
}

interface Span {
  start: number
  end: number
}

// Stands for what was left out, so that a pattern can't join what stands on its two sides.
const omission = '\uFFFC'
const longestQuotation = 300
const pairs: Record<string, string> = { '“': '”', '„': '“', '«': '»', '‘': '’', '"': '"' }

/** All of a text. */
export function readWords(text: string): Words {
  return fold(text, [])
}

/** What a text says in its own words: without fenced code, block quotes, and quotations of two words or more. */
export function readOwnWords(text: string): Words {
  return fold(text, findQuoted(text))
}

/** The piece of the original between two indices of the folded text. */
export function sliceOriginal({ original, origin }: Words, start: number, end: number): string {
  return original.slice(origin[start] ?? original.length, origin[end] ?? original.length)
}

function fold(original: string, omitted: Span[]): Words {
  const units: string[] = []
  const origin: number[] = []
  let next = 0
  for (let index = 0; index < original.length; ) {
    const span = omitted[next]
    if (span !== undefined && index >= span.start) {
      units.push(omission)
      origin.push(index)
      index = span.end
      next += 1
      continue
    }
    const character = String.fromCodePoint(original.codePointAt(index) ?? 0)
    const folded = foldCharacter(character, units.at(-1))
    for (let unit = 0; unit < folded.length; unit += 1) {
      units.push(folded.charAt(unit))
      origin.push(index)
    }
    index += character.length
  }
  return { original, folded: units.join(''), origin }
}

function foldCharacter(character: string, before: string | undefined): string {
  if (character === ' ' || character === '\t' || (character > '\x7F' && /\p{Zs}/u.test(character))) {
    return before === ' ' ? '' : ' '
  }
  if (character <= '\x7F')
    return character === '*' || character === '`' || character === '\r' ? '' : character
  if (character === '’' || character === '‘' || character === 'ʼ') return "'"
  if (character === '“' || character === '”' || character === '„') return '"'
  if (character === '\u2028' || character === '\u2029') return '\n'
  return /\p{Default_Ignorable_Code_Point}/u.test(character) ? '' : character
}

function findQuoted(text: string): Span[] {
  const lines = splitLines(text)
  const fences = findFences(text, lines)
  let next = 0
  const inline = lines.flatMap((line) => {
    while ((fences[next]?.end ?? Number.POSITIVE_INFINITY) < line.start) next += 1
    if ((fences[next]?.start ?? Number.POSITIVE_INFINITY) <= line.start) return []
    return /^ {0,3}>/.test(text.slice(line.start, line.start + 4)) ? [line] : findQuotations(text, line)
  })
  return [...fences, ...inline].toSorted((first, second) => first.start - second.start)
}

function splitLines(text: string): Span[] {
  const lines: Span[] = []
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    lines.push({ start, end })
    start = end + 1
  }
  return lines
}

// A fence that is never closed hides nothing, and neither does one around the whole text: that is the answer itself.
function findFences(text: string, lines: Span[]): Span[] {
  const fences: Span[] = []
  let open: { start: number; mark: string } | null = null
  for (const line of lines) {
    const [, mark, info] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(text.slice(line.start, line.end)) ?? []
    if (mark === undefined) continue
    if (open === null) open = { start: line.start, mark }
    else if (mark.startsWith(open.mark) && info?.trim() === '') {
      fences.push({ start: open.start, end: line.end })
      open = null
    }
  }
  const first = text.length - text.trimStart().length
  const last = text.trimEnd().length
  return fences.filter(({ start, end }) => start > first || end < last)
}

function findQuotations(text: string, line: Span): Span[] {
  const spans: Span[] = []
  for (let index = line.start; index < line.end; index += 1) {
    const close = pairs[text[index] ?? '']
    if (close === undefined || isWord(text[index - 1])) continue
    const end = findClose({ text, from: index + 1, to: Math.min(line.end, index + longestQuotation), close })
    if (end === null) continue
    if (/\S\s+\S/.test(text.slice(index + 1, end))) spans.push({ start: index, end: end + 1 })
    index = end
  }
  return spans
}

function findClose(search: { text: string; from: number; to: number; close: string }): number | null {
  const { text, from, to, close } = search
  for (let index = from; index < to; index += 1) {
    if (text[index] === close && !isWord(text[index + 1])) return index
  }
  return null
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}
