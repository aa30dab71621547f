import { type Command, Option } from 'commander'
import type { Log } from '../ports.ts'
import type { Tier } from '../tier.ts'

/** What every command is wired to. */
export interface Wiring {
  program: Command
  finish: (exitCode: number) => void
  log: Log
}

export const policy = new Option('--policy <file>', 'the policy').default('.github/checkpoint-gate.yml')
export const folder = new Option('--dir <folder>', 'the repository').default('.')
export const corpusDir = new Option(
  '--corpus-dir <folder>',
  'where the corpus files lie (default: the repository)',
)
export const base = new Option(
  '--base <ref>',
  'the commit with the served checkpoint and the policy that decides',
)
export const baseline = new Option('--baseline <id>', 'the served checkpoint, instead of the one at --base')
export const candidate = new Option('--candidate <id>', 'the candidate, instead of the one in the work tree')
export const tier = new Option('--tier <tier>', 'smoke asks only the first turns of the draw')
  .choices(['smoke', 'release'])
  .default('release')

/** On GitHub the repository of the workflow, unless another is named. */
export function nameRepository(environment: Record<string, string | undefined>): Option {
  return new Option('--repository <owner/name>', 'a part of the seed of the draw').default(
    environment.GITHUB_REPOSITORY ?? 'local',
  )
}

/** The values of these options, as they were given. */
export interface SourceWords {
  dir: string
  policy: string
  base?: string
  baseline?: string
  candidate?: string
  corpusDir?: string
  repository: string
  tier: Tier
}

/** Adds the options that say what a plan is read from, all of them. */
export function addSources(command: Command): Command {
  return command
    .addOption(folder)
    .addOption(policy)
    .addOption(base)
    .addOption(baseline)
    .addOption(candidate)
    .addOption(corpusDir)
    .addOption(nameRepository(process.env))
    .addOption(tier)
}

/** For an option that may be given more than once: all its values. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

/** Aborts with the first Ctrl-C, or when the process is told to end; the second one ends it. */
export function createCancelSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
