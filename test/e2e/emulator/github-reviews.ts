import { type Asked, ok, paginate, type Route, type RouteMaker } from './github-answers.ts'
import type { FakeRepository } from './github-repository.ts'

/** A review of a pull request, given to the commit that its branch was at. */
export type ReviewRow = {
  pull: number
  login: string
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED'
  commit: string
}

type ReviewsWorld = { repository: FakeRepository; apiUrl: string; reviews: readonly ReviewRow[] }

/** Reviews, the earliest first, as on GitHub. */
export function createReviewRoutes(world: ReviewsWorld, route: RouteMaker): Route[] {
  const address = `${world.apiUrl}/repos/${world.repository.owner}/${world.repository.name}`
  return [
    route('GET', '/pulls/(\\d+)/reviews', ({ parameters: [pull], query }: Asked) => {
      const all = world.reviews.filter((row) => row.pull === Number(pull))
      const url = `${address}/pulls/${pull}/reviews`
      const { rows, headers } = paginate({ rows: all, query, url })
      return { ...ok(rows.map((row, index) => describeReview(row, index, url))), headers }
    }),
  ]
}

function describeReview({ login, state, commit }: ReviewRow, index: number, url: string) {
  return {
    id: index + 1,
    node_id: `PRR_${index + 1}`,
    user: { login, id: 7, type: 'User' },
    body: '',
    state,
    html_url: url,
    pull_request_url: url.replace(/\/reviews$/, ''),
    commit_id: commit,
    submitted_at: '2026-11-02T08:00:00Z',
  }
}
