import { Option } from 'commander'
import type { Arm } from '../ports.ts'
import { writeBatchFiles } from './batch-write.ts'
import {
  base,
  baseline,
  candidate,
  corpusDir,
  folder,
  nameRepository,
  policy,
  type SourceWords,
  tier,
  type Wiring,
} from './options.ts'

/** Adds `batch`. */
export function addBatch(
  { program }: Wiring,
  { rubrics, print }: { rubrics: string; print: (text: string) => void },
): void {
  program
    .command('batch')
    .description('work with files of the Batch API')
    .command('write')
    .description('write what an arm would be asked, for a runner that answers files offline')
    .addOption(
      new Option('--arm <arm>', 'whose requests').choices(['candidate', 'baseline']).makeOptionMandatory(),
    )
    .addOption(folder)
    .addOption(policy)
    .addOption(base)
    .addOption(baseline)
    .addOption(candidate)
    .addOption(corpusDir)
    .addOption(nameRepository(process.env))
    .addOption(tier)
    .option('--out <folder>', 'where to write', 'checkpoint-gate-batch')
    .action(async ({ dir, ...options }: SourceWords & { arm: Arm; out: string }) =>
      writeBatchFiles({ ...options, folder: dir, rubrics }, print),
    )
}
