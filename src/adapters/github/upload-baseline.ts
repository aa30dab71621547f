import type { RunDirectory } from '../../ports.ts'
import type { Sinks } from '../../publish.ts'
import { baselineFiles, nameBaseline } from '../../reuse/kept-baseline.ts'

/** Keeps a run's baseline for later runs, in an artifact of its own. Where that fails they ask for it themselves. */
export async function uploadBaseline(
  { artifacts, log }: Pick<Sinks, 'artifacts' | 'log'>,
  kept: { directory: RunDirectory; key: string; runAttempt: number },
): Promise<void> {
  const { directory, key, runAttempt } = kept
  const files = Object.values(baselineFiles).map((file) => `${directory.path}/${file}`)
  try {
    await artifacts?.upload({ name: nameBaseline(key, runAttempt), folder: directory.path, files })
  } catch (error) {
    log.warning(
      `the baseline could not be kept for later runs: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
