import type { ScriptedResponse } from '../../fakes/loopback-server.ts'

export type Asked = { parameters: string[]; query: Record<string, string>; body: unknown; accept: string }

export type Route = { method: string; pattern: RegExp; answer: (asked: Asked) => ScriptedResponse }

/** Makes a route below the repository's own address. */
export type RouteMaker = (method: string, path: string, answer: Route['answer']) => Route

/** An error in the shape of GitHub's own. */
export function fail(status: number, message: string): ScriptedResponse {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  return { status, body }
}

export const ok = (body: unknown): ScriptedResponse => ({ status: 200, body })

type Paging<Row> = { rows: readonly Row[]; query: Record<string, string>; url: string }

type Page<Row> = { rows: Row[]; headers: Record<string, string> }

const pageSize = (query: Record<string, string>) => Math.min(Number(query.per_page ?? 30), 100)

function addLink(url: string, query: Record<string, string>): (changes: object, relation: string) => string {
  return (changes, relation) => {
    const address = new URL(url)
    address.search = new URLSearchParams({ ...query, ...changes }).toString()
    return `<${address}>; rel="${relation}"`
  }
}

/** One page, and the `Link` header to its neighbours; GitHub gives 30 rows unless asked, never above 100. */
export function paginate<Row>({ rows, query, url }: Paging<Row>): Page<Row> {
  const size = pageSize(query)
  const page = Math.max(Number(query.page ?? 1), 1)
  const last = Math.max(Math.ceil(rows.length / size), 1)
  const link = addLink(url, query)
  const to = (target: number, relation: string) => link({ page: String(target) }, relation)
  const links = [
    ...(page > 1 ? [to(page - 1, 'prev'), to(1, 'first')] : []),
    ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
  ]
  const shown = rows.slice((page - 1) * size, page * size)
  return { rows: shown, headers: links.length > 0 ? { link: links.join(', ') } : {} }
}

/** One page of a list that has cursors in place of page numbers; only the way forward. */
export function paginateByCursor<Row>({ rows, query, url }: Paging<Row>): Page<Row> {
  const size = pageSize(query)
  const start = Number(Buffer.from(query.after ?? '', 'base64url').toString() || 0)
  const next = start + size
  const after = Buffer.from(String(next)).toString('base64url')
  const shown = rows.slice(start, next)
  const headers: Record<string, string> =
    next < rows.length ? { link: addLink(url, query)({ after }, 'next') } : {}
  return { rows: shown, headers }
}
