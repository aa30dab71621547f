import type { ScriptedResponse } from '../../fakes/loopback-server.ts'
import { type ActionsWorld, createActionsRoutes } from './github-actions.ts'
import { type Asked, fail, ok, paginate, type Route, type RouteMaker } from './github-answers.ts'
import { type createComments, describeComment, findBodyProblem } from './github-comments.ts'
import {
  compareCommits,
  describeCommit,
  describeRepository,
  findCommit,
  readContents,
} from './github-repository.ts'
import { createReviewRoutes, type ReviewRow } from './github-reviews.ts'

type World = ActionsWorld & { store: ReturnType<typeof createComments>; reviews: readonly ReviewRow[] }

/** The routes of one repository; its owner and name match without regard to case, as on GitHub. */
export function createRoutes(world: World): Route[] {
  const { owner, name } = world.repository
  const route: RouteMaker = (method, path, answer) => {
    const escaped = `/repos/${owner}/${name}`.replace(/[.]/g, '\\.')
    return { method, pattern: new RegExp(`^${escaped}${path}$`, 'i'), answer }
  }
  return [
    route('GET', '', () => ok(describeRepository(world))),
    route('GET', '/commits/([^/]+)', ({ parameters: [ref = ''] }) => {
      const commit = findCommit(world.repository, ref)
      return commit ? ok(describeCommit({ ...world, commit })) : fail(422, `No commit found for SHA: ${ref}`)
    }),
    route('GET', '/compare/([^/]+)', ({ parameters: [pair = ''] }) => {
      const compared = compareCommits(world.repository, pair)
      return compared ? ok(compared) : fail(404, 'Not Found')
    }),
    route('GET', '/contents/(.*)', (asked) => answerContents(world, asked)),
    ...createActionsRoutes(world, route),
    ...createReviewRoutes(world, route),
    ...createCommentRoutes(world, route),
  ]
}

function createCommentRoutes({ repository, apiUrl, store }: World, route: RouteMaker): Route[] {
  const fullName = `${repository.owner}/${repository.name}`
  const describe = (comment: Parameters<typeof describeComment>[0]) =>
    describeComment(comment, { apiUrl, fullName })
  const onList = '/issues/(\\d+)/comments'
  const onOne = '/issues/comments/(\\d+)'
  return [
    route('GET', onList, ({ parameters: [issue], query }) => {
      const all = store.list(Number(issue))
      const path = `/repos/${fullName}/issues/${issue}/comments`
      const { rows, headers } = paginate({ rows: all, query, url: `${apiUrl}${path}` })
      return { status: 200, headers, body: rows.map(describe) }
    }),
    route('POST', onList, ({ parameters: [issue], body }) =>
      withBody(body, (text) => ({ status: 201, body: describe(store.create(Number(issue), text)) })),
    ),
    route('GET', onOne, ({ parameters: [id] }) => {
      const comment = store.find(Number(id))
      return comment ? ok(describe(comment)) : fail(404, 'Not Found')
    }),
    route('PATCH', onOne, ({ parameters: [id], body }) => {
      const comment = store.find(Number(id))
      if (comment === undefined) return fail(404, 'Not Found')
      return withBody(body, (text) => ok(describe(store.update(comment, text))))
    }),
    route('DELETE', onOne, ({ parameters: [id] }) => {
      const comment = store.find(Number(id))
      if (comment === undefined) return fail(404, 'Not Found')
      store.remove(comment)
      return { status: 204 }
    }),
  ]
}

function withBody(body: unknown, write: (text: string) => ScriptedResponse): ScriptedResponse {
  const text = typeof body === 'object' && body !== null && 'body' in body ? body.body : undefined
  const problem = findBodyProblem(text)
  if (problem === undefined && typeof text === 'string') return write(text)
  const errors = [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: problem }]
  return { status: 422, body: { ...Object(fail(422, 'Validation Failed').body), errors } }
}

function answerContents(world: World, { parameters: [path = ''], query, accept }: Asked): ScriptedResponse {
  const commit = findCommit(world.repository, query.ref)
  if (commit === undefined) return fail(404, `No commit found for the ref ${query.ref}`)
  const contents = readContents({ ...world, commit, path: path.replace(/\/+$/, '') })
  if (contents === undefined) return fail(404, 'Not Found')
  // `application/vnd.github.raw+json`, with or without a version in it. Folders have no raw form.
  if (contents.kind === 'file' && /application\/vnd\.github\.(v3\.)?raw\b/.test(accept)) {
    const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }
    return { status: 200, headers, body: contents.raw }
  }
  return ok(contents.body)
}
