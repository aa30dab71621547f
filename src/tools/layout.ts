import { createHash } from 'node:crypto'
import { z } from 'zod'
import { GateError } from '../errors.ts'
import { strictObject } from '../policy/document.ts'

const count = z.int().min(0)

const toolSchema = strictObject({
  name: z.string().min(1),
  calls: count,
  distinct: count.meta({ description: 'Different arguments.' }),
  unanswered: count.meta({ description: 'Calls without a result in the log.' }),
  errors: count.meta({ description: 'Results that are errors by their form.' }),
  empty: count.meta({ description: 'Results that hold nothing: no text, null, {} or [].' }),
  verbatim: count.meta({ description: 'Calls whose arguments can only be compared as they were written.' }),
  latency_ms: strictObject({ calls: count, p50: z.number(), p95: z.number() }).nullable(),
})

/** What is known of a tool's past calls. Latencies are of the calls whose log has one; `null`: none has. */
export type ToolSummary = z.infer<typeof toolSchema>

export const headerSchema = strictObject({
  format: z.literal('checkpoint-gate tools'),
  version: z.literal(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  conversations: count,
  stray_results: count,
  tools: z.array(toolSchema),
  calls: count.meta({ description: 'Different calls.' }),
  responses: count.meta({ description: 'Different responses of them.' }),
  texts: count.meta({ description: 'Different texts of responses.' }),
})

/** The first line of an index. */
export type IndexHeader = z.infer<typeof headerSchema>

/**
 * The columns of an index. Calls (C of them), responses (R) and texts (T) are numbered; calls and texts in the order of
 * their digests, responses by call, those that worked before errors, and then by text.
 */
export interface IndexColumns {
  /** Where the arguments of a call begin among the texts. */
  argumentsOffset: Float64Array
  /** Where the text of a response begins. */
  textOffset: Float64Array
  /** Four words a call: the digest of its tool and arguments. */
  callDigest: Uint32Array
  /** Which tool of the header a call is of. */
  callTool: Uint32Array
  /** The first response of a call; C + 1 of them, so that the next one's first ends it. */
  firstResponse: Uint32Array
  /** In bytes. */
  argumentsLength: Uint32Array
  /** Which text a response has. */
  responseText: Uint32Array
  /** How often it was recorded. */
  responseCount: Uint32Array
  /** Four words a text: its digest. */
  textDigest: Uint32Array
  /** In bytes. */
  textLength: Uint32Array
  /** 1: arguments that are compared as they were written. */
  callIsVerbatim: Uint8Array
  /** 1: an error. */
  responseIsError: Uint8Array
}

type Sizes = Pick<IndexHeader, 'calls' | 'responses' | 'texts'>

/** Each column's kind and length, in the order in which they lie; those that hold offsets first. */
function listColumns({ calls, responses, texts }: Sizes) {
  return [
    ['argumentsOffset', Float64Array, calls],
    ['textOffset', Float64Array, texts],
    ['callDigest', Uint32Array, 4 * calls],
    ['callTool', Uint32Array, calls],
    ['firstResponse', Uint32Array, calls + 1],
    ['argumentsLength', Uint32Array, calls],
    ['responseText', Uint32Array, responses],
    ['responseCount', Uint32Array, responses],
    ['textDigest', Uint32Array, 4 * texts],
    ['textLength', Uint32Array, texts],
    ['callIsVerbatim', Uint8Array, calls],
    ['responseIsError', Uint8Array, responses],
  ] as const
}

/**
 * The SHA-256, in hex, of what a database holds: of everything but where the texts lie, and thereby of the texts too, whose
 * digests are among it. The same conversations in another order have the same one.
 */
export function digestIndex(header: Omit<IndexHeader, 'digest'>, columns: IndexColumns): string {
  const digest = createHash('sha256').update(JSON.stringify(header))
  for (const [name, kind] of listColumns(header)) {
    if (kind !== Float64Array) digest.update(toBytes(columns[name]))
  }
  return digest.digest('hex')
}

/** An index as bytes: the header as a line of JSON, filled up with blanks to a multiple of 8, and the columns. */
export function encodeIndex(header: IndexHeader, columns: IndexColumns): Uint8Array[] {
  const line = Buffer.from(JSON.stringify(header))
  const filled = Buffer.alloc(Math.ceil((line.length + 1) / 8) * 8, ' ')
  line.copy(filled)
  filled.write('\n', filled.length - 1)
  return [filled, ...listColumns(header).map(([name]) => toBytes(columns[name]))]
}

/**
 * Reads an index. The columns are views of its bytes.
 * @throws GateError for bytes that are none, or not those that were written
 */
export function decodeIndex(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
): { header: IndexHeader; columns: IndexColumns } {
  const end = bytes.indexOf(0x0a) + 1
  const header = readHeader(Buffer.from(bytes.subarray(0, end)).toString('utf8'), file)
  const columns: Partial<Record<keyof IndexColumns, unknown>> = {}
  // Views need an address that is a multiple of 8, which a buffer from a pool may not have.
  const body = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  let offset = end
  for (const [name, Column, length] of listColumns(header)) {
    const next = offset + length * Column.BYTES_PER_ELEMENT
    if (next > body.length) throw refuseIndex(file, 'it is cut off')
    columns[name] = new Column(body.buffer, body.byteOffset + offset, length)
    offset = next
  }
  if (offset !== body.length) throw refuseIndex(file, 'something follows its end')
  const found = columns as IndexColumns
  const { digest, ...rest } = header
  if (digestIndex(rest, found) !== digest) throw refuseIndex(file, 'its digest is another than it says')
  return { header, columns: found }
}

function readHeader(line: string, file: string): IndexHeader {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw refuseIndex(file, 'it does not begin with a line of JSON')
  }
  const header = headerSchema.safeParse(value)
  if (header.success) return header.data
  const version = z.object({ version: z.number() }).safeParse(value)
  const isOther = version.success && version.data.version !== 1
  throw refuseIndex(file, isOther ? `it is of version ${version.data.version}` : 'its first line is another')
}

/** The error for a file that is no index of a database of tool calls. */
export function refuseIndex(file: string, why: string): GateError {
  return new GateError({
    code: 'corpus',
    message: `this is not the database of tool calls that was written: ${why}`,
    where: { file },
    remedy: 'build it anew with `corpus tools`',
  })
}

function toBytes(column: Float64Array | Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}
