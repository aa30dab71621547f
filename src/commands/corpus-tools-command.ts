import { type Command, Option } from 'commander'
import { systemClock } from '../adapters/clock.ts'
import { readers } from '../corpus/readers/index.ts'
import { shapes } from '../corpus/shapes/index.ts'
import type { Log } from '../ports.ts'
import { buildTools } from './corpus-tools.ts'
import { collect } from './options.ts'

interface ToolsOptions {
  manifest?: string
  repository: string
  dir: string
  format?: string
  shape?: string
  heldOut: string[]
  heldOutWhere: string[]
  out: string
  json: boolean
}

/** Adds the command `tools` to `corpus`. */
export function addCorpusTools(
  corpus: Command,
  { log, rubrics, print }: { log: Log; rubrics: string; print: (text: string) => void },
): void {
  corpus
    .command('tools')
    .description('collect the tool calls of conversations, with their results, into a database')
    .argument('[files...]', 'paths, or patterns such as "2026-*/*.parquet"')
    .option('--manifest <file>', 'the manifest of a corpus, instead of files')
    .option('--repository <folder>', 'where the list of tombstones is that a manifest names', '.')
    .option('--dir <folder>', 'what the paths are relative to', '.')
    .addOption(
      new Option('--format <format>', 'what all the files are; else by their names').choices(
        readers.map(({ format }) => format),
      ),
    )
    .addOption(
      new Option('--shape <shape>', 'how their rows hold conversations; else by each first row').choices(
        shapes.map(({ name }) => name),
      ),
    )
    .option('--out <folder>', 'where to write the database', 'checkpoint-gate-tools')
    .option(
      '--held-out <file>',
      'measure how many calls of these conversations are in the database; may be given again',
      collect,
      [],
    )
    .option(
      '--held-out-where <key=value>',
      'the same for conversations with this metadata, which the database then leaves out',
      collect,
      [],
    )
    .option('--json', 'print JSON', false)
    .action(async (paths: string[], { dir, ...options }: ToolsOptions) =>
      buildTools({ ...options, folder: dir, paths, now: systemClock.now(), rubrics }, log, print),
    )
}
