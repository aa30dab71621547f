import { Option } from 'commander'
import type { Arm } from '../ports.ts'
import { writeBatchFiles } from './batch-write.ts'
import { addSources, type SourceWords, type Wiring } from './options.ts'

/** Adds `batch`. */
export function addBatch(
  { program }: Wiring,
  { rubrics, print }: { rubrics: string; print: (text: string) => void },
): void {
  const write = program
    .command('batch')
    .description('work with files of the Batch API')
    .command('write')
    .description('write what an arm would be asked, for a runner that answers files offline')
    .addOption(
      new Option('--arm <arm>', 'whose requests').choices(['candidate', 'baseline']).makeOptionMandatory(),
    )
  addSources(write)
    .option('--out <folder>', 'where to write', 'checkpoint-gate-batch')
    .action(async ({ dir, ...options }: SourceWords & { arm: Arm; out: string }) =>
      writeBatchFiles({ ...options, folder: dir, rubrics }, print),
    )
}
