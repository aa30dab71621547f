import { z } from 'zod'
import { GateError } from '../../errors.ts'
import type { RepositoryChanges } from '../../ports.ts'
import { workflowFolders } from '../../workflow-edits.ts'
import type { Reader } from './requests.ts'

/** Where an attempt comes from, as it says and as GitHub says. */
export interface Origin {
  /** The text of what it began with. */
  start: string
  /** The commit that GitHub has for its workflow run: under a pull request, the branch's and not the merge's. */
  headSha: string
}

/** Says why an attempt may not have run the reviewed gate by the reviewed policy; `null` where nothing speaks against it. */
export type OriginJudge = (origin: Origin) => Promise<string | null>

const startSchema = z.object({ commits: z.object({ policy: z.string(), candidate: z.string() }) })
const commitSchema = z.object({ sha: z.string(), parents: z.array(z.object({ sha: z.string() })) })
const comparisonSchema = z.object({ status: z.enum(['ahead', 'behind', 'identical', 'diverged']) })

interface Source {
  reader: Reader
  changes: RepositoryChanges
  /** The tip of the base, as far as it was reviewed. */
  policySha: string
}

/**
 * Judges origins by commits. What a pull request's workflow was is that of its merge commit: reviewed where its first parent
 * is in the base's history, and the merge changes no workflow against that. Where the base has moved on since, what it
 * changed by itself says nothing against an earlier attempt.
 */
export function createOriginJudge({ reader, changes, policySha }: Source): OriginJudge {
  const isReviewed = remember((sha: string) => isAncestor({ reader, sha, of: policySha }))
  const readParents = remember((sha: string) => listParents(reader, sha))
  const listEdits = remember((pair: string) => {
    const [from = '', to = ''] = pair.split(' ')
    return listWorkflowEdits({ changes, from, to })
  })
  const judge = async ({ start, headSha }: Origin): Promise<string | null> => {
    const said = startSchema.safeParse(parse(start))
    if (!said.success) return 'it does not say which commits it judged'
    const { policy, candidate } = said.data.commits
    if (!(await isReviewed(policy))) {
      return `it was judged by commit ${shorten(policy)}, which is not in the history of the base`
    }
    const tested = candidate === 'named' ? headSha : candidate
    const from = tested === headSha ? policy : await findMergedInto({ tested, headSha, readParents })
    if (from === null) {
      return `its workflow run is of commit ${shorten(headSha)}, and what it judged, ${shorten(tested)}, is not`
    }
    if (await isReviewed(tested)) return null
    if (!(await isReviewed(from))) {
      return `what it judged was merged into commit ${shorten(from)}, which is not in the history of the base`
    }
    const edited = await listEdits(`${from} ${tested}`)
    return edited.length === 0 ? null : `its commit ${shorten(tested)} edits ${edited.join(', ')}`
  }
  return async (origin) => {
    try {
      return await judge(origin)
    } catch (error) {
      if (!(error instanceof GateError)) throw error
      return `it can't be told whether it ran the reviewed workflows: ${error.message}`
    }
  }
}

/** What a merge commit of the run's commit was merged into; `null` where it is none. */
async function findMergedInto(parts: {
  tested: string
  headSha: string
  readParents: (sha: string) => Promise<string[]>
}): Promise<string | null> {
  const [into, merged] = await parts.readParents(parts.tested)
  return merged === parts.headSha && into !== undefined ? into : null
}

async function isAncestor(parts: { reader: Reader; sha: string; of: string }): Promise<boolean> {
  const { reader, sha, of } = parts
  if (sha === of) return true
  const compared = await reader.read({
    what: `how commit ${shorten(sha)} stands to the base`,
    permission: 'contents: read',
    route: 'GET /repos/{owner}/{repo}/compare/{basehead}',
    parameters: { basehead: `${sha}...${of}`, per_page: 1 },
    schema: comparisonSchema,
  })
  return compared?.status === 'ahead' || compared?.status === 'identical'
}

async function listParents(reader: Reader, sha: string): Promise<string[]> {
  const commit = await reader.read({
    what: `commit ${shorten(sha)}`,
    permission: 'contents: read',
    route: 'GET /repos/{owner}/{repo}/commits/{ref}',
    parameters: { ref: sha },
    schema: commitSchema,
  })
  return commit?.parents.map((parent) => parent.sha) ?? []
}

async function listWorkflowEdits(parts: {
  changes: RepositoryChanges
  from: string
  to: string
}): Promise<string[]> {
  const { changes, from, to } = parts
  const edited = await Promise.all(workflowFolders.map((folder) => changes.list(from, to, folder)))
  return edited.flat().toSorted()
}

/** Commits don't change: each question is asked once. */
function remember<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>()
  return (name) => {
    const answer = answers.get(name) ?? ask(name)
    answers.set(name, answer)
    return answer
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function shorten(sha: string): string {
  return sha.slice(0, 12)
}
