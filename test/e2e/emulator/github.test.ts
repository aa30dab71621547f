import { afterEach, expect, it } from '@jest/globals'
import { describeWithShared } from '../../support/shared.ts'
import { type FakeGitHub, type GitHubOptions, startGitHub } from './github.ts'
import type { FakeRepository } from './github-repository.ts'
import { defaultToken } from './runner.ts'

const head = 'b'.repeat(40)
const base = 'a'.repeat(40)

const repository: FakeRepository = {
  owner: 'octo',
  name: 'app',
  visibility: 'private',
  defaultBranch: 'main',
  commits: [
    { sha: base, parents: [], files: { 'deploy/model.yaml': 'checkpoint: ckpt-41\n', 'README.md': 'x' } },
    {
      sha: head,
      parents: [base],
      files: {
        'deploy/model.yaml': 'checkpoint: ckpt-42\n',
        'deploy/a b/ü.txt': 'é',
        'README.md': 'x',
        'big.txt': 'x'.repeat(1024 * 1024 + 1),
      },
    },
  ],
  branches: { main: base, bump: head },
}

let github: FakeGitHub | undefined

afterEach(() => github?.close())

async function open(options: Partial<GitHubOptions> = {}) {
  const started = await startGitHub({ repository, ...options })
  github = started
  const ask = async (path: string, init: RequestInit & { accept?: string } = {}) => {
    const headers = { authorization: `token ${defaultToken}`, accept: init.accept ?? 'application/json' }
    const response = await fetch(`${started.url}/repos/octo/app${path}`, { headers, ...init })
    const text = await response.text()
    const json = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
  }
  const post = (path: string, body: unknown, method = 'POST') =>
    ask(path, { method, body: JSON.stringify(body) })
  return { github: started, ask, post }
}

/** What the contract has against a stand-in's requests and its own answers. */
const problems = ({ log }: FakeGitHub) =>
  log.flatMap((entry) => [entry.problem, entry.responseProblem]).filter((problem) => problem !== undefined)

describeWithShared('startGitHub', () => {
  it('serves the repository and its commits', async () => {
    const { github, ask } = await open()
    expect((await ask('')).body).toMatchObject({
      full_name: 'octo/app',
      private: true,
      visibility: 'private',
      default_branch: 'main',
    })
    expect((await ask(`/commits/${head}`)).body).toMatchObject({ sha: head, parents: [{ sha: base }] })
    expect((await ask('/commits/main')).body).toMatchObject({ sha: base, parents: [] })
    expect((await ask('/commits/no-such')).status).toBe(422)
    expect(problems(github)).toEqual([])
  })

  it('serves files as JSON and raw, at a branch, a commit, and by default', async () => {
    const { github, ask } = await open()
    const path = '/contents/deploy/model.yaml'
    const file = (await ask(`${path}?ref=bump`)).body
    expect(file).toMatchObject({ type: 'file', encoding: 'base64', size: 20, path: 'deploy/model.yaml' })
    expect(Buffer.from(file.content, 'base64').toString()).toBe('checkpoint: ckpt-42\n')
    // As `git hash-object` says.
    expect(file.sha).toBe('355e49030234f9ded4339ab8fd516210761ab63a')
    const raw = await ask(`${path}?ref=${base}`, { accept: 'application/vnd.github.raw+json' })
    expect(raw.headers.get('content-type')).toMatch(/^application\/vnd\.github\.raw\+json/)
    expect(raw.body).toBe('checkpoint: ckpt-41\n')
    expect((await ask(path, { accept: 'application/vnd.github.v3.raw' })).body).toBe('checkpoint: ckpt-41\n')
    expect((await ask('/contents/deploy%2Fa%20b%2F%C3%BC.txt?ref=bump')).body).toMatchObject({ size: 2 })
    expect(problems(github)).toEqual([])
  })

  it('serves folders as lists and big files only raw', async () => {
    const { github, ask } = await open()
    const folder = await ask('/contents/deploy?ref=bump', { accept: 'application/vnd.github.raw+json' })
    expect(folder.body.map(({ type, path }: { type: string; path: string }) => [type, path])).toEqual([
      ['dir', 'deploy/a b'],
      ['file', 'deploy/model.yaml'],
    ])
    expect((await ask('/contents/big.txt?ref=bump')).body).toMatchObject({ content: '', encoding: 'none' })
    const raw = await ask('/contents/big.txt?ref=bump', { accept: 'application/vnd.github.raw' })
    expect(raw.body).toHaveLength(1024 * 1024 + 1)
    expect((await ask('/contents/deploy/none.yaml')).status).toBe(404)
    expect((await ask('/contents/README.md?ref=no-such')).status).toBe(404)
    expect(problems(github)).toEqual([])
  })

  it('lists comments by page', async () => {
    const seeds = Array.from({ length: 5 }, (_, index) => ({
      issueNumber: 7,
      body: `${index}`,
      login: 'ann',
    }))
    const other = { issueNumber: 8, body: 'elsewhere', login: 'ann' }
    const { github, ask } = await open({ comments: [...seeds, other] })
    const second = await ask('/issues/7/comments?per_page=2&page=2')
    expect(second.body.map((comment: { body: string }) => comment.body)).toEqual(['2', '3'])
    expect(second.body[0].user).toMatchObject({ login: 'ann', type: 'User' })
    const link = second.headers.get('link') ?? ''
    expect([...link.matchAll(/[?&]page=(\d)>; rel="(\w+)"/g)].map(([, page, name]) => [name, page])).toEqual([
      ['prev', '1'],
      ['first', '1'],
      ['next', '3'],
      ['last', '3'],
    ])
    expect((await ask('/issues/7/comments')).headers.get('link')).toBeNull()
    expect(problems(github)).toEqual([])
  })

  it('creates, updates and deletes comments as the Actions bot', async () => {
    const { github, ask, post } = await open()
    const created = await post('/issues/7/comments', { body: 'first' })
    expect(created.status).toBe(201)
    expect(created.body.user).toMatchObject({ login: 'github-actions[bot]', type: 'Bot' })
    const path = `/issues/comments/${created.body.id}`
    expect((await post(path, { body: 'second' }, 'PATCH')).body).toMatchObject({ body: 'second' })
    expect((await ask(path)).body).toMatchObject({ id: created.body.id, body: 'second' })
    expect(github.comments).toMatchObject([{ issueNumber: 7, body: 'second', updates: 1 }])
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204)
    expect((await post(path, { body: 'gone' }, 'PATCH')).status).toBe(404)
    expect(github.comments).toEqual([])
    expect(github.log.map(({ problem }) => problem)).toEqual(Array(5).fill(undefined))
  })

  it('refuses a comment above 65,536 characters, and a blank one', async () => {
    const { github, post } = await open()
    expect((await post('/issues/7/comments', { body: 'é'.repeat(65_536) })).status).toBe(201)
    const refused = await post('/issues/7/comments', { body: 'x'.repeat(65_537) })
    expect(refused.status).toBe(422)
    expect(refused.body.errors[0].message).toBe('Body is too long (maximum is 65536 characters)')
    expect((await post('/issues/7/comments', { body: ' \n' })).status).toBe(422)
    expect(github.comments).toHaveLength(1)
    expect(problems(github)).toEqual([])
  })

  it('lets a read-only token read and not write', async () => {
    const { github, ask, post } = await open({ permissions: 'read-only' })
    const refused = await post('/issues/7/comments', { body: 'x' })
    expect(refused.status).toBe(403)
    expect(refused.body.message).toBe('Resource not accessible by integration')
    expect((await ask('/issues/7/comments')).body).toEqual([])
    expect(github.comments).toEqual([])
  })

  it('refuses a missing and a wrong token', async () => {
    const { ask } = await open()
    expect((await ask('', { headers: {} })).status).toBe(401)
    const wrong = await ask('', { headers: { authorization: 'token ghs_other' } })
    expect(wrong).toMatchObject({ status: 401, body: { message: 'Bad credentials' } })
  })

  it('lists artifacts by their exact name, the newest first, and says where an archive is', async () => {
    const archiveUrl = 'http://127.0.0.1:9/archive'
    const artifacts = () => [
      { id: 1, name: 'gate-r1', runId: 11, archiveUrl },
      { id: 2, name: 'gate-r1-end', runId: 11, digest: 'sha256:0', expired: true, archiveUrl },
      { id: 3, name: 'gate-r1', runId: 12, headRepositoryId: 99 },
    ]
    const { github, ask } = await open({ artifacts })
    const { body } = await ask('/actions/artifacts?name=gate-r1&per_page=100')
    expect(body.total_count).toBe(2)
    expect(body.artifacts).toMatchObject([
      { id: 3, workflow_run: { id: 12, head_repository_id: 99 } },
      { id: 1, expired: false, workflow_run: { id: 11, repository_id: 1, head_repository_id: 1 } },
    ])
    const archive = await ask('/actions/artifacts/1/zip', { redirect: 'manual' })
    expect(archive.status).toBe(302)
    expect(archive.headers.get('location')).toBe(archiveUrl)
    expect((await ask('/actions/artifacts/2/zip')).status).toBe(410)
    expect((await ask('/actions/artifacts/3/zip')).status).toBe(404)
    expect(problems(github)).toEqual([])
  })

  it('says what it knows of a run, and of what it left', async () => {
    const artifacts = () => [{ id: 1, name: 'gate-r1', runId: 11 }]
    const runs = () => [{ id: 11, runAttempt: 2, workflowId: 7, headSha: head, headRepositoryId: 99 }]
    const { github, ask } = await open({ artifacts, runs })
    expect((await ask('/actions/runs/11')).body).toMatchObject({
      id: 11,
      run_attempt: 2,
      workflow_id: 7,
      head_sha: head,
      head_repository: { id: 99, full_name: 'somebody/app' },
    })
    const { body } = await ask('/actions/artifacts/1')
    expect(body.workflow_run).toMatchObject({ id: 11, head_repository_id: 99, head_sha: head })
    expect((await ask('/actions/runs/12')).status).toBe(404)
    expect((await ask('/actions/artifacts/2')).status).toBe(404)
    expect(problems(github)).toEqual([])
  })

  it('lists what was done to a branch, by cursor, the newest first unless asked otherwise', async () => {
    const at = (minute: number) => `2026-11-02T08:0${minute}:00Z`
    const pushes = () => [
      { at: at(0), branch: 'bump', after: head, type: 'branch_creation' as const },
      { at: at(1), branch: 'main', after: base },
      { at: at(2), branch: 'bump', before: head, after: base, type: 'force_push' as const },
      { at: at(3), branch: 'bump', after: head },
    ]
    const { github, ask } = await open({ pushes })
    const first = await ask('/activity?ref=refs/heads/bump&per_page=2')
    expect(first.body).toMatchObject([
      { timestamp: at(3), activity_type: 'push', after: head, ref: 'refs/heads/bump' },
      { timestamp: at(2), activity_type: 'force_push', before: head, after: base },
    ])
    const next = /\/activity\?[^>]+(?=>; rel="next")/.exec(first.headers.get('link') ?? '')?.[0] ?? ''
    const second = await ask(next)
    expect(second.body).toMatchObject([{ timestamp: at(0), activity_type: 'branch_creation' }])
    expect(second.headers.get('link')).toBeNull()
    const all = await ask('/activity?direction=asc')
    expect(all.body.map(({ timestamp }: { timestamp: string }) => timestamp)).toEqual([0, 1, 2, 3].map(at))
    expect(problems(github)).toEqual([])
  })

  it('lets a token without `actions: read` do everything else', async () => {
    const { ask, post } = await open({ permissions: 'no-actions' })
    for (const path of ['/actions/artifacts', '/actions/artifacts/1/zip', '/actions/runs/1']) {
      const refused = await ask(path)
      expect(refused).toMatchObject({
        status: 403,
        body: { message: 'Resource not accessible by integration' },
      })
    }
    expect((await ask('/contents/README.md')).status).toBe(200)
    expect((await ask('/activity')).status).toBe(200)
    expect((await post('/issues/7/comments', { body: 'x' })).status).toBe(201)
  })

  it('answers an injected fault first, and logs what was asked', async () => {
    const { github, ask } = await open({
      fault: (method, path) =>
        path.endsWith('/comments') && method === 'GET'
          ? { status: 429, headers: { 'retry-after': '1' }, body: { message: 'slow down' } }
          : path.endsWith('/commits/main')
            ? 'reset'
            : undefined,
    })
    const limited = await ask('/issues/7/comments?per_page=100')
    expect(limited).toMatchObject({ status: 429, body: { message: 'slow down' } })
    expect(limited.headers.get('retry-after')).toBe('1')
    await expect(ask('/commits/main')).rejects.toThrow('fetch failed')
    expect((await ask('')).status).toBe(200)
    expect(github.log[0]).toEqual({
      method: 'GET',
      path: '/repos/octo/app/issues/7/comments',
      query: { per_page: '100' },
      body: undefined,
      authorization: `token ${defaultToken}`,
      status: 429,
      problem: undefined,
      responseProblem: undefined,
    })
  })

  it('records what the contract has against a request', async () => {
    const { github, ask, post } = await open()
    await post('/issues/7/comments', { text: 'x' })
    await ask('/issues/7/comments', { method: 'POST', body: 'body=x' })
    await post('/issues/seven/comments', { body: 'x' })
    await ask('/issues/7/comments?perpage=100')
    await ask('/issues/7/comments?page=two')
    await ask('/pulls/7')
    await ask('/contents/README.md', { method: 'PATCH' })
    expect(github.log.map(({ problem }) => problem)).toEqual([
      expect.stringContaining("must have required property 'body'"),
      expect.stringContaining('Unexpected token'),
      expect.stringContaining('/path/issue_number must be integer'),
      expect.stringContaining('must NOT have additional properties {"additionalProperty":"perpage"}'),
      expect.stringContaining('/query/page must be integer'),
      'not in the contract: GET /repos/octo/app/pulls/7',
      'not in the contract: PATCH /repos/octo/app/contents/README.md',
    ])
  })
})
