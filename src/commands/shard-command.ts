import { addSources, collect, createCancelSignal, type SourceWords, type Wiring } from './options.ts'
import { mergeFromTerminal, runShardFromTerminal } from './shard.ts'

interface ShardWords extends SourceWords {
  wave: string
  after: string[]
  endpoint: string[]
  out: string
}

/** Adds `shard` and `merge`. */
export function addShards(wiring: Wiring, own: { rubrics: string; print: (text: string) => void }): void {
  const { program, finish, log } = wiring
  const { rubrics, print } = own
  addSources(program.command('shard <i/n>'))
    .description('measure one of n parts of what `gate` would; `merge` decides')
    .option('--wave <k/m>', 'which of m waves, one after the other; each has n shards', '')
    .option('--after <run-dir>', 'the directory of a shard of an earlier wave; once for each', collect, [])
    .option('--endpoint <name=url>', 'as with gate', collect, [])
    .option(
      '--out <folder>',
      'where to write; an unfinished shard there is continued',
      'checkpoint-gate-shard',
    )
    .action(async (shard: string, { dir, endpoint: endpoints, ...options }: ShardWords) => {
      const cancelled = createCancelSignal()
      const whole = { ...options, shard, folder: dir, endpoints, rubrics, cancelled }
      finish(await runShardFromTerminal(whole, log, print))
    })
  addSources(program.command('merge <run-dirs...>'))
    .description('decide on what shards have measured; asks no endpoint')
    .option('--out <folder>', 'where to write', 'checkpoint-gate-run')
    .action(async (directories: string[], { dir, ...options }: Omit<ShardWords, 'endpoint'>) => {
      const cancelled = createCancelSignal()
      const whole = { ...options, directories, folder: dir, endpoints: [], rubrics, cancelled }
      finish(await mergeFromTerminal(whole, log, print))
    })
}
