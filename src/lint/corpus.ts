import { listFromIndex } from '../corpus/index-file/read.ts'
import { type Manifest, parseManifest } from '../corpus/manifest.ts'
import { readTombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import { suggestKey } from '../policy/document.ts'
import type { Sample } from '../sample/draw.ts'
import { drawCorpus } from '../sample/draw-corpus.ts'
import { type LintRequest, type LintResult, report, type WrittenPolicy } from './result.ts'

interface Seen {
  conversations: number
  expired: number
  /** Of the conversations' metadata. */
  keys: Set<string>
}

/**
 * Reads the whole corpus, and draws from it as a run would. The seed is another one, as it takes the repository's name;
 * how many turns there are and what they weigh hardly depends on it.
 */
export async function lintCorpus(
  request: LintRequest,
  written: WrittenPolicy,
  result: LintResult,
): Promise<Sample> {
  const { policy } = written
  const file = policy.corpus.manifest
  const text = await request.repository.read(request.sha, file)
  if (text === null) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus manifest is not there',
      where: { file },
      remedy: 'write it with `corpus manifest`',
    })
  }
  const manifest = parseManifest({ file, text })
  const seen: Seen = { conversations: 0, expired: 0, keys: new Set() }
  const sample = await drawCorpus({
    // What runs take from the index is read here where it is from.
    manifest: { ...manifest, index: undefined },
    files: request.files,
    tombstones: await readTombstones({ ...request, manifest, manifestFile: file }),
    onListed: (conversation) => {
      seen.conversations += 1
      for (const key of Object.keys(conversation.metadata)) seen.keys.add(key)
    },
    seed: manifest.name,
    keepsAfter: policy.tools !== null,
    turns: policy.sample.turns,
    turnsPerConversation: policy.sample.turnsPerConversation,
    strata: policy.sample.strata,
    target: policy.sample.target,
    slices: policy.slices,
    now: request.now,
  })
  seen.expired = sample.counts.conversationsExpired
  await lintIndex(request, manifest)
  result.checked.push(`corpus ${manifest.name}: ${seen.conversations} conversations`)
  lintConversations({ seen, sample, file, result })
  lintKeys({ seen, written, result })
  lintTarget({ sample, written, result })
  return sample
}

/** An index that is not of these files is found before a run finds it. */
async function lintIndex({ files }: LintRequest, manifest: Manifest): Promise<void> {
  const { index } = manifest
  if (index === undefined) return
  for await (const batch of listFromIndex({ manifest, index, files, keys: [] })) {
    for (const _ of batch) {
      // Only whether it can be read is of interest.
    }
  }
}

function lintConversations(parts: { seen: Seen; sample: Sample; file: string; result: LintResult }): void {
  const { seen, sample, file, result } = parts
  if (seen.expired > 0) {
    result.problems.push(
      new GateError({
        code: 'corpus',
        message: `${seen.expired} of ${seen.conversations} conversations have expired: they are never replayed`,
        where: { file },
        remedy: 'remove them from the corpus and write the manifest anew',
      }),
    )
  }
  if (sample.turns.length > 0 || seen.expired > 0) return
  throw new GateError({
    code: 'corpus',
    message: 'the corpus is empty',
    where: { file },
    remedy: 'a gate needs conversations to replay',
  })
}

function lintKeys(parts: { seen: Seen; written: WrittenPolicy; result: LintResult }): void {
  const { seen, written, result } = parts
  const { policy, source } = written
  const known = [...seen.keys].toSorted()
  const check = (written: string, key: string, path: PropertyKey[]) => {
    if (seen.keys.has(key)) return
    report(result, {
      code: 'policy',
      message: `no conversation has the metadata key "${written}"${suggestKey(key, known)}`,
      place: { source, path },
      remedy: "correct the key, or add it to the conversations' metadata",
    })
  }
  policy.slices.forEach((key, index) => {
    check(key, key, ['slices', index])
  })
  policy.sample.strata.forEach((key, index) => {
    check(key, key.replace(/^metadata\./, ''), ['sample', 'strata', index])
  })
}

/** Parts of the traffic that no turn stands for. */
function lintTarget(parts: { sample: Sample; written: WrittenPolicy; result: LintResult }): void {
  const { sample, written, result } = parts
  const known = sample.counts.strata.map(({ name }) => name)
  for (const { name, share } of sample.counts.uncovered) {
    const traffic = `${Number((share * 100).toPrecision(3))} % of the traffic`
    const isKnown = known.includes(name)
    report(result, {
      code: 'policy',
      message: isKnown
        ? `no turn is drawn of the stratum "${name}", which has ${traffic}`
        : `the corpus has no conversation of the stratum "${name}", which has ${traffic}`,
      place: { source: written.source, path: isKnown ? ['sample', 'turns'] : ['sample', 'target', name] },
      remedy: isKnown
        ? 'draw more turns'
        : `add conversations of it, or name a stratum that the corpus has (${known.slice(0, 5).join('; ')})`,
    })
  }
}
