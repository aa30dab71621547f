import type { RepositoryFiles } from '../ports.ts'
import type { PolicyChange } from './change.ts'
import { diffText } from './diff.ts'
import type { Policy } from './schema.ts'

interface Reference {
  what: 'corpus manifest' | 'controls' | 'calibration' | 'rubric'
  file: string
}

/** The files of the repository that a policy refers to, each once. Shipped rubrics come with the program. */
function listReferences(policy: Policy): Reference[] {
  const controls = policy.judge?.controls ?? null
  const found: Reference[] = [
    { what: 'corpus manifest', file: policy.corpus.manifest },
    ...(controls === null ? [] : [{ what: 'controls' as const, file: controls }]),
    ...policy.categories.flatMap(({ calibration, graders }) => [
      ...(calibration === null ? [] : [{ what: 'calibration' as const, file: calibration }]),
      ...graders.flatMap(({ rubric }) =>
        typeof rubric === 'string' && !rubric.startsWith('builtin:')
          ? [{ what: 'rubric' as const, file: rubric }]
          : [],
      ),
    ]),
  ]
  return found.filter(({ file }, index) => found.findIndex((other) => other.file === file) === index)
}

/** Which of the files that a policy refers to differ between two commits. */
export async function diffReferences(request: {
  repository: RepositoryFiles
  policy: Policy
  from: string
  to: string
}): Promise<PolicyChange[]> {
  const { repository, policy, from, to } = request
  const changes = await Promise.all(
    listReferences(policy).map(async (reference) => {
      const [before, after] = await Promise.all([
        repository.read(from, reference.file),
        repository.read(to, reference.file),
      ])
      return diffText({ ...reference, before, after })
    }),
  )
  return changes.filter((change) => change !== null)
}
