import { systemClock } from '../adapters/clock.ts'
import { corpusUrlsVariable } from '../adapters/corpus-urls.ts'
import { createFiles, createWorkTree } from '../adapters/files.ts'
import { openRemoteCorpus } from '../adapters/remote-corpus.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { readOptionalFile, writeWholeFile } from '../adapters/text-file.ts'
import { type Growth, growSet } from '../calibrate/grow.ts'
import { readPolicy } from '../calibrate/policy.ts'
import { exitCodes } from '../conclusion.ts'
import { readTombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import type { RepositoryFiles } from '../ports.ts'
import { readRecord } from '../record/store.ts'
import { renderGrowth } from '../report/growth.ts'

/** A work tree has no commits. */
const sha = 'work tree'

/** What `calibrate add` is given. */
export interface CalibrateAddOptions {
  /** The directory of a run. */
  run: string
  /** The labelled set that grows. */
  to: string
  category: string
  /** How many of the first turns, as it was written. */
  turns?: string | undefined
  folder: string
  policy: string
  corpusDir?: string | undefined
  rubrics: string
}

/** Adds turns of a run's baseline to a labelled set, and prints what became of them. */
export async function addToLabelledSet(
  options: CalibrateAddOptions,
  print: (text: string) => void,
): Promise<number> {
  const { folder, to, category, rubrics } = options
  const turns = parseTurns(options.turns)
  const record = await readRecord(await openRunDirectory(options.run, { make: false }))
  const repository = createWorkTree(folder)
  const source = await readManifest(repository, options.policy)
  const growth = await growSet({
    record,
    category,
    turns,
    set: { file: to, text: await readOptionalFile(to) },
    manifest: source,
    files: createFiles({
      corpus: options.corpusDir ?? folder,
      rubrics,
      remote: openRemoteCorpus(process.env[corpusUrlsVariable]),
    }),
    readTombstones: (manifest) => readTombstones({ repository, sha, manifest, manifestFile: source.file }),
    now: systemClock.now(),
  })
  if (isChanged(growth)) await writeWholeFile(to, growth.lines)
  print(renderGrowth({ growth, file: to, category }))
  return exitCodes.success
}

function isChanged({ added, extended }: Growth): boolean {
  return added.present + added.absent + extended > 0
}

function parseTurns(text: string | undefined): number | null {
  if (text === undefined) return null
  const turns = Number(text)
  if (Number.isSafeInteger(turns) && turns > 0) return turns
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a number of turns`,
    remedy: 'give how many of the first turns of the run to add, such as 200, or leave --turns out for all',
  })
}

async function readManifest(
  repository: RepositoryFiles,
  policyFile: string,
): Promise<{ file: string; text: string }> {
  const { manifest: file } = (await readPolicy({ repository, sha, file: policyFile })).corpus
  const text = await repository.read(sha, file)
  if (text !== null) return { file, text }
  throw new GateError({
    code: 'corpus',
    message: 'the corpus manifest is not there',
    where: { file },
    remedy: 'give the repository of the run with --dir, and its policy with --policy',
  })
}
