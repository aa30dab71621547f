/** A comment on an issue or a pull request; `type` is that of the author's account. */
export type FakeComment = {
  id: number
  issueNumber: number
  body: string
  login: string
  type: 'User' | 'Bot'
  updates: number
}

export type CommentSeed = { issueNumber: number; body: string; login: string; type?: 'User' | 'Bot' }

/** The account that `GITHUB_TOKEN` writes as. */
const tokenAuthor = { login: 'github-actions[bot]', type: 'Bot' as const }

/** GitHub's limit on a comment's body, in characters. */
const bodyLimit = 65_536

/** The comments of one repository, oldest first. */
export function createComments(seeds: readonly CommentSeed[]) {
  const comments: FakeComment[] = []
  const add = (seed: CommentSeed) => {
    const comment = { type: 'User' as const, ...seed, id: 9001 + comments.length, updates: 0 }
    comments.push(comment)
    return comment
  }
  for (const seed of seeds) add(seed)
  return {
    comments,
    list: (issueNumber: number) => comments.filter((comment) => comment.issueNumber === issueNumber),
    find: (id: number) => comments.find((comment) => comment.id === id),
    create: (issueNumber: number, body: string) => add({ issueNumber, body, ...tokenAuthor }),
    update: (comment: FakeComment, body: string) => {
      comment.body = body
      comment.updates++
      return comment
    },
    remove: (comment: FakeComment) => {
      comments.splice(comments.indexOf(comment), 1)
    },
  }
}

/** Why GitHub refuses a body, as its `errors` say it. */
export function findBodyProblem(body: unknown): string | undefined {
  if (typeof body !== 'string' || body.trim() === '') return "Body can't be blank"
  return [...body].length > bodyLimit ? `Body is too long (maximum is ${bodyLimit} characters)` : undefined
}

export function describeComment(
  comment: FakeComment,
  { apiUrl, fullName }: { apiUrl: string; fullName: string },
) {
  const { id, issueNumber, body, updates } = comment
  return {
    id,
    node_id: `IC_${id}`,
    url: `${apiUrl}/repos/${fullName}/issues/comments/${id}`,
    html_url: `https://github.com/${fullName}/pull/${issueNumber}#issuecomment-${id}`,
    issue_url: `${apiUrl}/repos/${fullName}/issues/${issueNumber}`,
    body,
    user: describeUser(comment, apiUrl),
    created_at: timestamp(id),
    updated_at: timestamp(id + updates),
    author_association: 'NONE',
    performed_via_github_app: null,
  }
}

function timestamp(minutes: number): string {
  return new Date(Date.UTC(2026, 9, 1) + minutes * 60_000).toISOString().replace('.000', '')
}

function describeUser({ login, type }: FakeComment, apiUrl: string) {
  const url = `${apiUrl}/users/${encodeURIComponent(login)}`
  return {
    login,
    id: login === tokenAuthor.login ? 41898282 : 583231,
    node_id: `U_${login}`,
    type,
    site_admin: false,
    url,
    html_url: `https://github.com/${encodeURIComponent(login)}`,
    avatar_url: 'https://avatars.githubusercontent.com/u/1',
    gravatar_id: '',
    events_url: `${url}/events{/privacy}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    organizations_url: `${url}/orgs`,
    received_events_url: `${url}/received_events`,
    repos_url: `${url}/repos`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
  }
}
