import type { getOctokit } from '@actions/github'
import { z } from 'zod'
import { GateError } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

export type Octokit = ReturnType<typeof getOctokit>

/** A repository's owner and name. */
export interface Slug {
  owner: string
  repo: string
}

/** A workflow run and its attempt: later ones are greater. */
export interface RunNumber {
  id: number
  attempt: number
}

/** Asks GitHub's REST API about one repository. A server's fault or a rate limit is waited out twice. */
export interface Reader {
  /** `null`: it is not there, or not any more. Rejects with GateError when that can't be told. */
  read<S extends z.ZodType>(question: Question<S>): Promise<z.infer<S> | null>
  /** Page by page, to the last one. Rejects with GateError when a page can't be had, be it for 404. */
  readPages<S extends z.ZodType>(question: Question<S>): AsyncGenerator<z.infer<S>>
  /** Other work on the API, repeated in the same way. */
  repeat<T>(subject: Subject, work: () => Promise<T>): Promise<T>
}

/** What is asked about, for messages. */
export interface Subject {
  /** It follows "GitHub does not give". */
  what: string
  /** What a token needs for it. */
  permission: 'actions: read' | 'contents: read' | 'pull-requests: read'
}

/** One question: octokit's route with its parameters, and what the answer has to be. */
export interface Question<S extends z.ZodType> extends Subject {
  route: string
  parameters: Record<string, string | number>
  schema: S
}

/** After the first and the second failure of a server, in milliseconds. */
const serverPausesMs = [2_000, 10_000]
/** GitHub wants a minute where it names no time (REST API, "Best practices", "Handle rate limit errors"). */
const limitPauseMs = 60_000
const longestPauseMs = 120_000
/** The most that GitHub gives. */
const pageSize = 100

export function createReader(source: { octokit: Octokit; slug: Slug; clock: Clock }): Reader {
  const { octokit, slug, clock } = source
  const repeat: Reader['repeat'] = async (subject, work) => {
    for (let failures = 0; ; failures++) {
      try {
        return await work()
      } catch (error) {
        const pauseMs = choosePause({ error, failures, clock })
        if (pauseMs === null) throw describeFailure(error, subject)
        await clock.sleep(pauseMs)
      }
    }
  }
  return {
    repeat,
    async read(question) {
      const answer = await repeat(question, () =>
        orGone(octokit.request(question.route, { ...slug, ...question.parameters })),
      )
      return answer === null ? null : parse(question, answer.data)
    },
    // Not octokit's own pagination: it takes a 409 for an empty page.
    async *readPages(question) {
      const parameters = { ...slug, ...question.parameters, per_page: pageSize }
      let page = await repeat(question, () => octokit.request(question.route, parameters))
      for (;;) {
        yield parse(question, page.data)
        const url = /<([^<>]+)>;\s*rel="next"/.exec(page.headers.link ?? '')?.[1]
        if (url === undefined) return
        page = await repeat(question, () => octokit.request({ method: 'GET', url }))
      }
    },
  }
}

/** How long to wait before asking again; `null` where that is no use. */
function choosePause(failed: { error: unknown; failures: number; clock: Clock }): number | null {
  const { error, failures, clock } = failed
  const serverPauseMs = serverPausesMs[failures]
  if (serverPauseMs === undefined) return null
  if (isLimit(error)) {
    const pauseMs = readLimitPause(error, clock)
    return pauseMs <= longestPauseMs ? pauseMs : null
  }
  // Octokit gives 500 to what no server answered as well.
  return (readStatus(error) ?? 0) >= 500 ? serverPauseMs : null
}

function isLimit(error: unknown): boolean {
  const status = readStatus(error)
  if (status !== 403 && status !== 429) return false
  const { waitS, remaining } = readLimit(error)
  const says = error instanceof Error && /rate limit/i.test(error.message)
  return status === 429 || waitS !== undefined || remaining === 0 || says
}

function readLimitPause(error: unknown, clock: Clock): number {
  const { waitS, remaining, resetS } = readLimit(error)
  if (waitS !== undefined) return waitS * 1000
  if (remaining !== 0 || resetS === undefined) return limitPauseMs
  return Math.max(resetS * 1000 - clock.now().getTime(), 0)
}

const headerNumber = z.coerce.number().optional()
const limitedSchema = z.object({
  response: z.object({
    headers: z.object({
      'retry-after': headerNumber,
      'x-ratelimit-remaining': headerNumber,
      'x-ratelimit-reset': headerNumber,
    }),
  }),
})

/** Seconds to wait, requests that remain, and when there are more, in seconds since 1970. */
function readLimit(error: unknown): Record<'waitS' | 'remaining' | 'resetS', number | undefined> {
  const headers = limitedSchema.safeParse(error).data?.response.headers
  return {
    waitS: headers?.['retry-after'],
    remaining: headers?.['x-ratelimit-remaining'],
    resetS: headers?.['x-ratelimit-reset'],
  }
}

async function orGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** Nothing is there, or not any more. */
export function isGone(error: unknown): boolean {
  const status = readStatus(error)
  return status === 404 || status === 410
}

function parse<S extends z.ZodType>({ schema, what }: Question<S>, data: unknown): z.infer<S> {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new GateError({
    code: 'platform',
    message: `GitHub's answer about ${what} is not of the form that it documents: ${issue?.path.join('.')}: ${issue?.message}`,
    remedy: "report this with the run's log",
  })
}

function describeFailure(cause: unknown, { what, permission }: Subject): GateError {
  const status = readStatus(cause)
  const lacks = status === 401 || status === 403 || status === 404
  return new GateError({
    code: 'platform',
    message: `GitHub does not give ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedy: isLimit(cause)
      ? 'GitHub limits how often it is asked: run again later'
      : lacks
        ? `the job needs \`${permission}\` in the workflow's permissions`
        : 'run again when GitHub answers',
    cause,
  })
}

/** The HTTP status of an API error. */
export function readStatus(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null
}
