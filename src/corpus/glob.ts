/** Whether a word is a pattern of paths. */
export function isGlob(word: string): boolean {
  return /[*?{]/.test(word)
}

/**
 * A test of paths, with `/` between their parts: `*` and `?` stand for letters of one part, a part `**` for any number of
 * parts, `{a,b}` for either text. Parts that begin with a dot are matched by no `*`, `?` or `**`.
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const source = pattern
    .split('/')
    .map((part, index, parts) => {
      const last = index === parts.length - 1
      if (part === '**') return last ? `${visible}[^/]+(?:/${visible}[^/]+)*` : `(?:${visible}[^/]+/)*`
      return compilePart(part) + (last ? '' : '/')
    })
    .join('')
  const expression = new RegExp(`^${source}$`, 'u')
  return (path) => expression.test(path)
}

const visible = '(?!\\.)'

function compilePart(part: string): string {
  let depth = 0
  const source = part.replaceAll(/\*+|[?{},]|[^*?{},]+/g, (piece) => {
    if (piece.startsWith('*')) return '[^/]*'
    if (piece === '?') return '[^/]'
    if (piece === '{') {
      depth += 1
      return '(?:'
    }
    if (depth > 0 && piece === '}') {
      depth -= 1
      return ')'
    }
    if (depth > 0 && piece === ',') return '|'
    return piece.replaceAll(/[.+^$()|[\]\\/{}-]/g, '\\$&')
  })
  // A brace without an end is a letter like any other.
  if (depth > 0) return compilePart(part.replaceAll('{', '?'))
  return /^[*?]/.test(part) ? visible + source : source
}
