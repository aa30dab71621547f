import {
  base,
  baseline,
  candidate,
  collect,
  corpusDir,
  createCancelSignal,
  folder,
  nameRepository,
  policy,
  type SourceWords,
  type Wiring,
} from './options.ts'
import { runRegister } from './register.ts'

interface RegisterWords extends Omit<SourceWords, 'tier'> {
  from: string[]
  replay: boolean
  endpoint: string[]
  runDir: string
  rate: string[]
  interval: string[]
  direction: string[]
  limit: string[]
  round: string
  out?: string
  force: boolean
}

/** Adds the command `register` to the program. */
export function addRegister(
  { program, finish, log }: Wiring,
  { rubrics, print }: { rubrics: string; print: (text: string) => void },
): void {
  program
    .command('register')
    .description(
      'draft the registration of a candidate: the same as what is served, as far as nothing else is told',
    )
    .addOption(folder)
    .addOption(policy)
    .addOption(base)
    .addOption(baseline)
    .addOption(candidate)
    .addOption(corpusDir)
    .addOption(nameRepository(process.env))
    .option('--from <run-dir>', 'an earlier run of the served checkpoint; may be given again', collect, [])
    .option('--replay', 'measure the served checkpoint first, on the turns of the plan', false)
    .option('--endpoint <name=url>', 'with --replay: baseline and judge', collect, [])
    .option('--run-dir <folder>', 'with --replay: where to write it', 'checkpoint-gate-aa')
    .option(
      '--rate <category=rate>',
      'what you expect in place of the past rate: 0.5% or 40 per 100k',
      collect,
      [],
    )
    .option('--interval <category=from..to>', 'where you would be surprised to be outside', collect, [])
    .option('--direction <category=word>', 'up, down or same, against the baseline', collect, [])
    .option('--limit <category=rate>', "a tighter limit than the policy's", collect, [])
    .option('--round <n>', 'which sample of turns this is for the candidate', '1')
    .option('--out <file>', 'where to write the registration; else it is printed')
    .option('--force', 'replace the file, and a registration that is there', false)
    .action(async (options: RegisterWords) => {
      const { dir, endpoint: endpoints, rate, interval, direction, limit, ...others } = options
      const told = { rates: rate, intervals: interval, directions: direction, limits: limit }
      const cancelled = createCancelSignal()
      finish(
        await runRegister({ ...others, ...told, folder: dir, endpoints, rubrics, cancelled }, log, print),
      )
    })
}
