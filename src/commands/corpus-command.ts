import { type Command, Option } from 'commander'
import { readers } from '../corpus/readers/index.ts'
import { shapes } from '../corpus/shapes/index.ts'
import type { Log } from '../ports.ts'
import { printIndexedManifest, printManifest } from './corpus.ts'
import { addCorpusTools } from './corpus-tools-command.ts'

interface ManifestOptions {
  name: string
  dir: string
  format?: string
  shape?: string
  consent?: 'required'
  tombstones?: string
}

interface IndexOptions extends ManifestOptions {
  index?: string
}

/** Adds the commands that work with a corpus. */
export function addCorpus(
  program: Command,
  world: { log: Log; rubrics: string; print: (text: string) => void },
): void {
  const { log, rubrics, print } = world
  const corpus = program.command('corpus').description('work with a corpus')
  addCorpusTools(corpus, world)
  addFileWords(corpus.command('manifest').description('write the manifest of corpus files')).action(
    async (paths: string[], { dir, ...options }: ManifestOptions) =>
      printManifest({ ...options, folder: dir, paths, rubrics }, log, print),
  )
  addFileWords(
    corpus
      .command('index')
      .description('write the manifest, and an index with which runs read only what they draw'),
  )
    .option('--index <file>', 'where to write the index, below --dir; else <name>.index.jsonl')
    .action(async (paths: string[], { dir, ...options }: IndexOptions) => {
      const { index = `${options.name}.index.jsonl` } = options
      await printIndexedManifest({ ...options, index, folder: dir, paths, rubrics }, log, print)
    })
}

function addFileWords(command: Command): Command {
  return command
    .requiredOption('--name <name>', "the corpus's name")
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
    .addOption(
      new Option('--consent <rule>', 'required: replay only conversations with `consent: true`').choices([
        'required',
      ]),
    )
    .option('--tombstones <file>', 'a list in the repository of what must never be replayed')
    .argument('<files...>', 'paths, or patterns such as "2026-*/*.parquet"')
}
