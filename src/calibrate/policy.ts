import { GateError } from '../errors.ts'
import { graderConfigSchema } from '../grade/graders/index.ts'
import { parsePolicy } from '../policy/load.ts'
import type { Policy } from '../policy/schema.ts'
import type { RepositoryFiles } from '../ports.ts'

/**
 * Reads a policy as it lies at a commit, or in the work tree, with no change to judge.
 * @throws GateError where there is none
 */
export async function readPolicy(request: {
  repository: RepositoryFiles
  sha: string
  file: string
}): Promise<Policy> {
  const { repository, sha, file } = request
  const text = await repository.read(sha, file)
  if (text !== null) return parsePolicy({ file, text }, graderConfigSchema)
  throw new GateError({
    code: 'policy',
    message: 'there is no policy',
    where: { file },
    remedy: 'name the repository with --dir, and the path of its policy with --policy',
  })
}
