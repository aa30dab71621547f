/** Inline Markdown taken apart: code spans, and the text between them. */
export interface Inline {
  code: string[]
  text: string
}

/** Reads code spans as CommonMark does (6.1): a run of backticks closes at the next run of the same length. */
export function readInline(line: string): Inline {
  const code: string[] = []
  let text = ''
  let at = 0
  while (at < line.length) {
    const fence = /^`+/.exec(line.slice(at))?.[0]
    if (fence === undefined) {
      text += line[at]
      at += 1
      continue
    }
    // cmark gives up on fences that are longer.
    const end = fence.length > 80 ? -1 : findRun({ line, from: at + fence.length, length: fence.length })
    if (end < 0) text += fence
    else code.push(line.slice(at + fence.length, end))
    at = end < 0 ? at + fence.length : end + fence.length
  }
  return { code, text }
}

function findRun(search: { line: string; from: number; length: number }): number {
  for (const run of search.line.slice(search.from).matchAll(/`+/g)) {
    if (run[0].length === search.length) return search.from + run.index
  }
  return -1
}

/** The cells of a table's row as GFM splits them: at every `|` without a backslash before it. */
export function readCells(row: string): string[] {
  return row
    .replace(/^\| /, '')
    .replace(/ \|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}

/** Every table of a page, row by row. */
export function readTables(markdown: string): string[][][] {
  const tables: string[][][] = []
  let current: string[][] | null = null
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) {
      current = null
      continue
    }
    if (current === null) {
      current = []
      tables.push(current)
    }
    current.push(readCells(line))
  }
  return tables
}
