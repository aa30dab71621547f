import { createFiles, findCorpusFiles } from '../adapters/files.ts'
import { openIndexOutput } from '../adapters/index-output.ts'
import { startCorpusThread } from '../corpus/corpus-thread.ts'
import { describeCorpus, type FileReport } from '../corpus/describe.ts'
import type { IndexSink } from '../corpus/index-file/write.ts'
import type { Manifest } from '../corpus/manifest.ts'
import { countLeftOut } from '../corpus/read.ts'
import type { Log } from '../ports.ts'

/** The words of `corpus manifest`. */
export interface ManifestWords {
  name: string
  /** The corpus folder. */
  folder: string
  /** Paths and patterns below it. */
  paths: string[]
  format?: string | undefined
  shape?: string | undefined
  /** What the manifest is to say beside what the files are. */
  consent?: Manifest['consent']
  tombstones?: string | undefined
  /** Where the shipped rubrics are. */
  rubrics: string
}

/** Prints the manifest of corpus files, and logs what each was found to be. */
export async function printManifest(
  words: ManifestWords,
  log: Log,
  print: (text: string) => void,
): Promise<void> {
  print(JSON.stringify(await describe(words, log), null, 2))
}

/** The words of `corpus index`. */
export interface IndexWords extends ManifestWords {
  /** Where to write it, below the corpus folder. */
  index: string
}

/** Writes the index of corpus files, and prints their manifest, which names it. */
export async function printIndexedManifest(
  words: IndexWords,
  log: Log,
  print: (text: string) => void,
): Promise<void> {
  const { folder, index: path } = words
  const output = await openIndexOutput(folder, path)
  try {
    const written = async () => ({ path, sha256: await output.finish() })
    const manifest = await describe(words, log, { sink: output, written })
    log.info(`${path}: the index; keep it where the corpus is`)
    print(JSON.stringify(manifest, null, 2))
  } finally {
    await output.discard()
  }
}

async function describe(
  words: ManifestWords,
  log: Log,
  index?: { sink: IndexSink; written: () => Promise<NonNullable<Manifest['index']>> },
): Promise<Manifest> {
  const { name, folder, format, shape, rubrics, consent, tombstones } = words
  const paths = await findCorpusFiles(folder, words.paths)
  const thread = await startCorpusThread()
  const description = describeCorpus({
    name,
    thread,
    paths,
    files: createFiles({ corpus: folder, rubrics }),
    format,
    shape,
    onFile: (report) => log.info(formatReport(report)),
    ...(index === undefined ? {} : { index: index.sink }),
    more: async () => ({
      ...(index === undefined ? {} : { index: await index.written() }),
      ...(consent === undefined ? {} : { consent }),
      ...(tombstones === undefined ? {} : { tombstones }),
    }),
  })
  return description.finally(() => thread.close())
}

/** `a.parquet: Parquet by its name, WildChat rows by its first row; 12 conversations, 30 turns` */
export function formatReport({ path, format, shape, counts }: FileReport): string {
  const asked = { name: ' by its name', 'first row': ' by its first row', order: '' }
  const reasons = [...counts.leftOut].map(([reason, count]) => `${reason}: ${count}`)
  const leftOut = reasons.length === 0 ? '' : `, ${countLeftOut(counts)} left out (${reasons.join('; ')})`
  const found = `${format.title}${asked[format.by]}, ${shape.title}${asked[shape.by]}`
  const held = `${count(counts.conversations, 'conversation')}, ${count(counts.turns, 'turn')}`
  return `${path}: ${found}; ${held}${leftOut}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
