/** As deep as arguments may nest: far beyond what any tool takes, and far from what a stack bears. */
const deepest = 200
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** What a parser of JSON loses silently. */
export type JsonDoubt = 'a key twice' | 'a number that a double does not hold' | 'nested too deeply'

/**
 * What of a JSON text would be lost when it is parsed; `null` for nothing. Of a key that stands twice in an object a parser
 * keeps one, and two long ids may be the same double.
 */
export function inspectJson(text: string): JsonDoubt | null {
  const keys: Set<string>[] = []
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] ?? ''
    if (letter === '{' || letter === '[') {
      keys.push(new Set())
      if (keys.length > deepest) return 'nested too deeply'
    } else if (letter === '}' || letter === ']') {
      keys.pop()
    } else if (letter === '"') {
      const end = findEnd(text, index)
      if (isKey(text, end)) {
        const key: string = JSON.parse(text.slice(index, end))
        if (keys.at(-1)?.has(key) === true) return 'a key twice'
        keys.at(-1)?.add(key)
      }
      index = end - 1
    } else if (letter === '-' || (letter >= '0' && letter <= '9')) {
      number.lastIndex = index
      const written = number.exec(text)?.[0] ?? letter
      if (!isHeld(written)) return 'a number that a double does not hold'
      index += written.length - 1
    }
  }
  return null
}

/** The index after the string that begins here. */
function findEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return end + 1
  }
  return text.length
}

/** Whether what ended here is a key: only keys stand before a colon. */
function isKey(text: string, end: number): boolean {
  let next = end
  while (/\s/.test(text[next] ?? '')) next += 1
  return text[next] === ':'
}

/**
 * Whether no other number could be meant: every integer that is a double, and decimals of at most 17 significant digits,
 * which is how doubles are printed.
 */
function isHeld(written: string): boolean {
  if (written.length <= 15 && !/e/i.test(written)) return true
  const value = Number(written)
  if (!Number.isFinite(value)) return false
  if (/^-?\d+$/.test(written)) return BigInt(written) === BigInt(value)
  const digits = written
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '')
  // What is too small becomes zero.
  return digits.length <= 17 && (value !== 0 || digits === '')
}
