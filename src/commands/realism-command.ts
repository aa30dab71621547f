import { Option } from 'commander'
import type { Arm } from '../ports.ts'
import { collect, corpusDir, createCancelSignal, folder, policy, type Wiring } from './options.ts'
import { runRealism, writeRunPairs } from './realism.ts'

interface RealismOptions {
  endpoint: string[]
  model?: string
  fast: boolean
  pairs?: string
  controls: string
  within?: string
  seed: string
  permutations: string
  out?: string
  json: boolean
}

interface PairsOptions {
  arm: Arm
  out: string
  dir: string
  policy: string
  corpusDir?: string
}

/** Adds `realism` and `realism pairs`. */
export function addRealism(
  { program, finish, log }: Wiring,
  { rubrics, print }: { rubrics: string; print: (text: string) => void },
): void {
  const realism = program
    .command('realism')
    .description('how distinguishable simulated rollouts are from those of production')
    .enablePositionalOptions()
    .argument('<file>', 'pairs of rollouts, one a line; `realism pairs` writes them')
    .option('--endpoint <name=url>', 'discriminator; url may be recorded:file.jsonl', collect, [])
    .option('--model <name>', 'the model that is asked which of two rollouts is real')
    .option('--fast', 'compare features only; asks no model', false)
    .option('--pairs <n>', 'how many pairs, a seeded part of them; else all')
    .option('--controls <n>', 'how many degraded rollouts the discriminator has to detect', '50')
    .option('--within <lower..upper>', 'win rates that count as indistinguishable; else 45%..55%')
    .option('--seed <text>', 'decides what is drawn, degraded and held out', 'realism')
    .option('--permutations <n>', 'of the automatic comparison', '199')
    .option('--out <file>', 'where to write the result, for the policy to name')
    .option('--json', 'print JSON', false)
    .action(async (file: string, { endpoint: endpoints, ...options }: RealismOptions) => {
      const cancelled = createCancelSignal()
      finish(await runRealism({ ...options, file, endpoints, cancelled }, log, print))
    })
  realism
    .command('pairs')
    .description('write the pairs of a run that kept text, with its corpus')
    .argument('<run-dir>')
    .addOption(
      new Option('--arm <arm>', 'the baseline is the model that production had')
        .choices(['baseline', 'candidate'])
        .default('baseline'),
    )
    .option('--out <file>', 'where to write them', 'pairs.jsonl')
    .addOption(folder)
    .addOption(policy)
    .addOption(corpusDir)
    .action(async (run: string, { dir, ...options }: PairsOptions) =>
      finish(await writeRunPairs({ ...options, run, folder: dir, rubrics }, print)),
    )
}
