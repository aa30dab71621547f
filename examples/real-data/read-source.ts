import { realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'

/** Whether a module is the script that Node was started with. Links to it count. */
export function isScript(moduleFile: string): boolean {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === moduleFile
}

/** The two folders on a converter's command line. Throws when there are not exactly two. */
export function readFolders(argv: readonly string[]): { source: string; output: string } {
  const [source, output, ...rest] = argv.slice(2)
  if (source === undefined || output === undefined || rest.length > 0) {
    throw new Error(`expected two folders: node ${argv[1] ?? 'convert.ts'} SOURCE_DIR OUT_DIR`)
  }
  return { source, output }
}

/**
 * The rows of a CSV file with a header line. Columns that the schema doesn't name are dropped: the data sets
 * have more of them than a converter needs. Throws with the file and row when a row has another shape.
 */
export async function readTable<Row>(table: { path: string; schema: z.ZodType<Row> }): Promise<Row[]> {
  const rows: unknown[] = parse(await readText(table.path), { columns: true })
  return rows.map((row, index) => parseItem({ ...table, item: row, position: `row ${index + 1}` }))
}

/** The value of a JSON file. Throws with the file when it is not JSON or has another shape. */
export async function readJson<Value>(file: { path: string; schema: z.ZodType<Value> }): Promise<Value> {
  const item = parseJson({ text: await readText(file.path), place: file.path })
  return parseItem({ ...file, item, position: 'the whole file' })
}

/** The values of a JSON Lines file. Throws with the file and line when one is not JSON or has another shape. */
export async function readJsonLines<Value>(file: {
  path: string
  schema: z.ZodType<Value>
}): Promise<Value[]> {
  const lines = (await readText(file.path)).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => {
    const position = `line ${index + 1}`
    return parseItem({
      ...file,
      item: parseJson({ text: line, place: `${file.path}, ${position}` }),
      position,
    })
  })
}

/** Throws on bytes that are not UTF-8; Node's own decoding would put replacement characters in their place. */
async function readText(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
}

function parseJson(json: { text: string; place: string }): unknown {
  try {
    return JSON.parse(json.text)
  } catch (cause) {
    throw new Error(`${json.place}: not JSON`, { cause })
  }
}

function parseItem<Value>(read: {
  path: string
  schema: z.ZodType<Value>
  item: unknown
  position: string
}): Value {
  const result = read.schema.safeParse(read.item)
  if (result.success) return result.data
  throw new Error(`${read.path}, ${read.position}: ${z.prettifyError(result.error)}`)
}
