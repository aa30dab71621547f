import { createFiles, findCorpusFiles } from '../adapters/files.ts'
import { describeCorpus, type FileReport } from '../corpus/describe.ts'
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
  /** Where the shipped rubrics are. */
  rubrics: string
}

/** Prints the manifest of corpus files, and logs what each was found to be. */
export async function printManifest(
  words: ManifestWords,
  log: Log,
  print: (text: string) => void,
): Promise<void> {
  const { name, folder, format, shape, rubrics } = words
  const manifest = await describeCorpus({
    name,
    paths: await findCorpusFiles(folder, words.paths),
    files: createFiles({ corpus: folder, rubrics }),
    format,
    shape,
    onFile: (report) => log.info(formatReport(report)),
  })
  print(JSON.stringify(manifest, null, 2))
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
