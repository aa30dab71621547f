import { z } from 'zod'
import type { Clock, Reviews } from '../../ports.ts'
import { createReader, type Octokit, type Slug } from './requests.ts'

const reviewsSchema = z.array(
  z.object({
    user: z.object({ login: z.string() }).nullable(),
    state: z.string(),
    commit_id: z.string().nullable(),
  }),
)

/** Of one pull request, whose branch is at a commit. */
export interface ReviewsRequest {
  number: number
  headSha: string
  clock: Clock
}

/**
 * Reviews of a pull request. An approval counts where it is the reviewer's last word and was given to the commit that is
 * judged: what was pushed after it has been seen by nobody.
 */
export function openReviews(
  { number, headSha, clock }: ReviewsRequest,
  access: { octokit: Octokit; slug: Slug },
): Reviews {
  const reader = createReader({ ...access, clock })
  return {
    async listApprovers() {
      const pages = reader.readPages({
        what: `the reviews of pull request ${number}`,
        permission: 'pull-requests: read',
        route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
        parameters: { pull_number: number },
        schema: reviewsSchema,
      })
      const last = new Map<string, boolean>()
      for await (const page of pages) {
        for (const { user, state, commit_id: commit } of page) {
          // A remark takes nothing back.
          if (user === null || state === 'COMMENTED' || state === 'PENDING') continue
          last.set(user.login, state === 'APPROVED' && commit === headSha)
        }
      }
      return [...last].flatMap(([login, approves]) => (approves ? [login] : []))
    },
  }
}
