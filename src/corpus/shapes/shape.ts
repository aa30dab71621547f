import type { z } from 'zod'
import { GateError } from '../../errors.ts'
import { checkShape, formatPath } from '../../policy/document.ts'
import type { Conversation } from '../conversation.ts'
import type { Fields } from '../readers/reader.ts'
import type { Skim } from '../readers/skim.ts'

/** Where a row stands. */
export interface RowPlace {
  file: string
  line: number
}

/** Why something that a log holds is no conversation that could be replayed. */
export type LeftOutReason =
  | 'no model call'
  | 'no messages were recorded'
  | 'no answer was recorded'
  | 'messages that were cut off'
  | 'more than text and function calls'
  | 'no assistant turn that answers a user or a tool'

/** What a row gives. */
export type Reading =
  | { kind: 'conversation'; conversation: Conversation }
  | { kind: 'left-out'; reason: LeftOutReason }

/** How the rows of some source hold conversations. */
export interface Shape {
  /** What a manifest calls it. */
  name: string
  /** In words, for messages and the docs. */
  title: string
  /** Where its source describes it; `null`: here. */
  page: string | null
  fields: Fields
  /** A faster way to most of its conversations for who lists them; left out where there is none. */
  createSkim?: () => Skim
  /** Whether a row looks like one of these, by the names of its fields. */
  recognises(row: Readonly<Record<string, unknown>>): boolean
  /**
   * Most rows give one conversation, a batch of spans several.
   * @throws GateError with row and field for a row that is not of this shape
   */
  read(row: unknown, place: RowPlace): Iterable<Reading>
}

/** A field of a row, for errors. */
export interface FieldPlace {
  place: RowPlace
  path: PropertyKey[]
}

/** The error for a field that is not what its shape says. What it holds is somebody's and is not quoted. */
export function refuseField({ place, path }: FieldPlace, message: string, remedy = 'correct the value') {
  const field = path.length === 0 ? undefined : formatPath(path)
  return new GateError({ code: 'corpus', message, where: { ...place, field }, remedy })
}

/** Checks a part of a row. */
export function parseField<S extends z.ZodType>(schema: S, value: unknown, field: FieldPlace): z.infer<S> {
  const checked = checkShape(schema, value)
  if (checked.kind === 'fits') return checked.value
  const [{ message, remedy, path }] = checked.problems
  throw refuseField({ place: field.place, path: [...field.path, ...path] }, message, remedy)
}

/** A field inside another. */
export function inside({ place, path }: FieldPlace, ...names: PropertyKey[]): FieldPlace {
  return { place, path: [...path, ...names] }
}
