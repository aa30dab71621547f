import { createHash } from 'node:crypto'

/** `files` maps a path to the whole text of the file, as in the commit's tree. */
export type Commit = { sha: string; parents: string[]; files: Record<string, string> }

/** A repository in memory. Branch names map to the SHA of their tip. */
export type FakeRepository = {
  owner: string
  name: string
  visibility: 'public' | 'private' | 'internal'
  defaultBranch: string
  commits: Commit[]
  branches: Record<string, string>
}

/** What the stand-in's own address is, for the links in its answers. */
type Located = { repository: FakeRepository; apiUrl: string }

/** The commit that a branch's name, a full ref, or a SHA names; the default branch's tip without a ref. */
export function findCommit(repository: FakeRepository, ref: string | undefined): Commit | undefined {
  const name = ref ?? repository.defaultBranch
  const sha = repository.branches[name.replace(/^(refs\/)?heads\//, '')] ?? repository.branches[name] ?? name
  return repository.commits.find((commit) => commit.sha === sha)
}

export function describeRepository({ repository, apiUrl }: Located) {
  const { owner, name, visibility, defaultBranch } = repository
  return {
    id: 1,
    node_id: 'R_1',
    name,
    full_name: `${owner}/${name}`,
    owner: { login: owner, id: 2, type: 'Organization' },
    private: visibility !== 'public',
    visibility,
    fork: false,
    archived: false,
    url: `${apiUrl}/repos/${owner}/${name}`,
    html_url: `https://github.com/${owner}/${name}`,
    default_branch: defaultBranch,
  }
}

export function describeCommit({ repository, apiUrl, commit }: Located & { commit: Commit }) {
  const base = `${apiUrl}/repos/${repository.owner}/${repository.name}/commits`
  const person = { name: 'octocat', email: 'octocat@example.com', date: '2026-11-02T08:00:00Z' }
  return {
    sha: commit.sha,
    node_id: `C_${commit.sha}`,
    url: `${base}/${commit.sha}`,
    commit: { message: `commit ${commit.sha.slice(0, 7)}`, author: person, committer: person },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha, url: `${base}/${sha}` })),
  }
}

/** How the second of `<sha>...<sha>` stands to the first, by their ancestors; without the commits between. */
export function compareCommits(repository: FakeRepository, pair: string) {
  const [base, head] = pair.split('...').map((ref) => findCommit(repository, ref))
  if (base === undefined || head === undefined) return undefined
  const [before, after] = [listAncestors(repository, base), listAncestors(repository, head)]
  const ahead = [...after].filter((sha) => !before.has(sha)).length
  const behind = [...before].filter((sha) => !after.has(sha)).length
  const apart = ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : 'behind'
  const status = ahead + behind === 0 ? 'identical' : apart
  return { status, ahead_by: ahead, behind_by: behind, total_commits: ahead, commits: [], files: [] }
}

function listAncestors(repository: FakeRepository, commit: Commit): Set<string> {
  const found = new Set<string>()
  const left = [commit.sha]
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    if (found.has(sha)) continue
    found.add(sha)
    left.push(...(repository.commits.find((other) => other.sha === sha)?.parents ?? []))
  }
  return found
}

/** GitHub leaves the content out of its JSON for files above 1 MiB; only the raw media type has it then. */
const inlineLimitBytes = 1024 * 1024

/** A file or a folder at a commit; `undefined` where the path names neither. */
export function readContents({
  repository,
  apiUrl,
  commit,
  path,
}: Located & { commit: Commit; path: string }) {
  const describe = (type: 'file' | 'dir', at: string, content: Buffer) => {
    const size = type === 'file' ? content.length : 0
    const url = `${apiUrl}/repos/${repository.owner}/${repository.name}/contents/${at}?ref=${commit.sha}`
    return {
      type,
      size,
      name: at.slice(at.lastIndexOf('/') + 1),
      path: at,
      sha: gitHash(type === 'file' ? 'blob' : 'tree', content),
      url,
      git_url: null,
      html_url: null,
      download_url: null,
      _links: { self: url, git: null, html: null },
    }
  }
  const text = commit.files[path]
  if (text !== undefined) {
    const raw = Buffer.from(text)
    const inline = raw.length <= inlineLimitBytes
    const content = inline ? raw.toString('base64').replace(/.{60}/g, '$&\n') : ''
    return {
      kind: 'file' as const,
      raw,
      body: { ...describe('file', path, raw), content, encoding: inline ? 'base64' : 'none' },
    }
  }
  const entries = listFolder(commit, path).map(([at, content]) =>
    content === undefined
      ? describe('dir', at, writeTree(commit, at))
      : describe('file', at, Buffer.from(content)),
  )
  return entries.length === 0
    ? undefined
    : { kind: 'directory' as const, body: entries.slice(0, longestFolder) }
}

/** GitHub lists no more entries of a folder. */
const longestFolder = 1000

/** A folder as git stores it, so that its digest is the one of everything in it. */
function writeTree(commit: Commit, path: string): Buffer {
  const entries = listFolder(commit, path).map(([at, content]) => {
    const name = at.slice(path.length + 1)
    const isFile = content !== undefined
    const digest = isFile ? gitHash('blob', Buffer.from(content)) : gitHash('tree', writeTree(commit, at))
    const bytes = [Buffer.from(`${isFile ? '100644' : '40000'} ${name}\0`), Buffer.from(digest, 'hex')]
    // Git sorts a folder as if its name ended in a slash.
    return { key: isFile ? name : `${name}/`, bytes: Buffer.concat(bytes) }
  })
  return Buffer.concat(entries.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ bytes }) => bytes))
}

/** The files and, without content, the folders directly in a folder, in order of their names. */
function listFolder(commit: Commit, path: string): [string, string | undefined][] {
  const prefix = path === '' ? '' : `${path}/`
  const entries = new Map<string, string | undefined>()
  for (const [file, content] of Object.entries(commit.files)) {
    if (!file.startsWith(prefix)) continue
    const [name = '', ...rest] = file.slice(prefix.length).split('/')
    entries.set(`${prefix}${name}`, rest.length === 0 ? content : undefined)
  }
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}

function gitHash(type: 'blob' | 'tree', content: Buffer): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex')
}
