import { z } from 'zod'
import { strictObject } from '../../policy/document.ts'
import type { Column } from '../column.ts'

/** What a file must say of itself to be read as an index. */
export const indexKind = 'checkpoint-gate corpus index'
/** The version of the format that is written and read. */
export const indexVersion = 1
/** Conversations of one block: as many as a line of a few hundred kilobytes holds. */
export const blockSize = 1024

/** The first line. Its version is looked at before anything else. */
export const headerSchema = z.looseObject({
  kind: z.literal(indexKind),
  version: z.int(),
  corpus: z.string(),
})

/**
 * Conversations of one file, in its order: of each thing that is known of them one list. Lists are parsed several times
 * faster than as many objects.
 */
export interface Block {
  /** Of the manifest's files, from 0. */
  of: number
  ids: string[]
  /** Of lines or rows, from 1. */
  rows: number[]
  /** Among the conversations of its row; left out where a row has one each. */
  parts?: number[]
  /** Where lines begin in the unpacked text, and their bytes; left out of a table. */
  starts?: number[]
  lengths?: number[]
  /** Of the rows, SHA-256 as base64url, one after the other: a row of several conversations has one for each. */
  digests: string
  /** Lists of message indices. */
  turns: Column<number[]>
  metadata: Record<string, Column<string | number | boolean>>
  expires_at?: Column<string>
  consent?: Column<boolean>
  users?: Column<string>
}

const count = z.int().min(0)

/** The line behind the blocks of a file: which file it was. */
export const fileSchema = strictObject({
  file: z.string(),
  sha256: z.string(),
  conversations: count,
  turns: count,
})
export type IndexedFile = z.infer<typeof fileSchema>
