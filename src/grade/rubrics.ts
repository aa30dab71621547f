import { GateError } from '../errors.ts'
import { parseRubric, type Rubric } from '../policy/rubric.ts'
import type { Files, RepositoryFiles } from '../ports.ts'

/** The rubrics that a policy refers to: their texts for the plan, and as the judge takes them. */
export interface LoadedRubrics {
  texts: Record<string, string>
  rubrics: ReadonlyMap<string, Rubric>
}

/**
 * Reads rubrics by reference: `builtin:<id>` from those shipped, anything else by its path at a commit.
 * @throws GateError for one that is not there or is not a rubric
 */
export async function loadRubrics(request: {
  references: string[]
  repository: RepositoryFiles
  sha: string
  files: Files
}): Promise<LoadedRubrics> {
  const { references, repository, sha, files } = request
  const loaded = await Promise.all(
    references.map(async (reference) => {
      const id = reference.startsWith('builtin:') ? reference.slice('builtin:'.length) : null
      const text = id === null ? await repository.read(sha, reference) : await files.readBuiltinRubric(id)
      if (text === null) throw describeMissing(reference, id)
      return { reference, text, rubric: parseRubric({ file: reference, text }) }
    }),
  )
  return {
    texts: Object.fromEntries(loaded.map(({ reference, text }) => [reference, text])),
    rubrics: new Map(loaded.map(({ reference, rubric }) => [reference, rubric])),
  }
}

function describeMissing(reference: string, id: string | null): GateError {
  return new GateError({
    code: 'rubric',
    message: id === null ? 'the rubric is not there' : `no rubric called "${id}" is shipped`,
    where: { file: reference },
    remedy:
      id === null
        ? 'add the file, or correct its path in the policy'
        : 'see docs/rubrics.md for those that are, or write `builtin:<id>` or a path',
  })
}
