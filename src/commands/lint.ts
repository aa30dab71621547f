import { systemClock } from '../adapters/clock.ts'
import { corpusUrlsVariable } from '../adapters/corpus-urls.ts'
import { createFiles, createWorkTree } from '../adapters/files.ts'
import { openRemoteCorpus } from '../adapters/remote-corpus.ts'
import { exitCodes } from '../conclusion.ts'
import { formatError } from '../errors.ts'
import { lint } from '../lint.ts'
import { safeLines } from '../safe-text.ts'

/** What `lint` is given. */
export interface LintOptions {
  folder: string
  policy: string
  corpusDir?: string | undefined
  rubrics: string
}

/** Prints what was checked and what is wrong. */
export async function printLint(options: LintOptions, print: (text: string) => void): Promise<number> {
  const { folder, policy, corpusDir = folder, rubrics } = options
  const { problems, checked, warnings } = await lint({
    repository: createWorkTree(folder),
    sha: 'work tree',
    files: createFiles({
      corpus: corpusDir,
      rubrics,
      remote: openRemoteCorpus(process.env[corpusUrlsVariable]),
    }),
    policyFile: policy,
    now: systemClock.now(),
  })
  for (const line of checked) print(`ok  ${safeLines(line)}`)
  for (const line of warnings) print(`warning: ${safeLines(line)}`)
  for (const problem of problems) print(safeLines(formatError(problem), 2000))
  print(
    problems.length === 0
      ? 'No problems.'
      : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}.`,
  )
  return problems.length === 0 ? exitCodes.success : exitCodes.noVerdict
}
