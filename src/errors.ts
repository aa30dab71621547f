/** What kind of thing went wrong; stable, so that a log can be searched for it. */
export type GateErrorCode =
  | 'policy'
  | 'registration'
  | 'rubric'
  | 'calibration'
  | 'labelled-set'
  | 'audit'
  | 'diagnosis'
  | 'corpus'
  | 'checkpoint'
  | 'endpoint'
  | 'recorded'
  | 'run-directory'
  | 'record'
  | 'shard'
  | 'realism'
  | 'platform'
  | 'usage'

/** Where it went wrong. Lines and columns start at 1. */
export interface Place {
  file: string
  line?: number | undefined
  column?: number | undefined
  field?: string | undefined
}

/**
 * The error a user can act on: what is wrong (`message`), where, and what to do about it (`remedy`).
 * Anything else that is thrown is a defect of the gate.
 */
export class GateError extends Error {
  readonly code: GateErrorCode
  readonly where: Place | undefined
  readonly remedy: string

  constructor(problem: {
    code: GateErrorCode
    message: string
    remedy: string
    where?: Place | undefined
    cause?: unknown
  }) {
    super(problem.message, problem.cause === undefined ? undefined : { cause: problem.cause })
    this.name = 'GateError'
    this.code = problem.code
    this.where = problem.where
    this.remedy = problem.remedy
  }
}

/** `file:line:column (field)`, with the parts that are known. */
export function formatPlace(place: Place): string {
  const position = [place.file, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':')
  return place.field === undefined ? position : `${position} (${place.field})`
}

/** One error as text: place, problem, remedy. */
export function formatError(error: GateError): string {
  const place = error.where === undefined ? '' : `${formatPlace(error.where)}: `
  return `${place}${error.message}\n  → ${error.remedy}`
}
