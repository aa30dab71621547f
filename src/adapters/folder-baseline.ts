import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GateError } from '../errors.ts'
import type { Baselines } from '../ports.ts'
import { baselineFiles } from '../reuse/kept-baseline.ts'
import { openRunDirectory } from './run-directory.ts'

/**
 * The baseline that a run has kept in its directory, as somebody names it on a terminal.
 * @throws GateError (`usage`) when it has kept none
 */
export async function openFolderBaseline(folder: string): Promise<Baselines> {
  const isThere = await stat(join(folder, baselineFiles.header)).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isThere) {
    throw new GateError({
      code: 'usage',
      message: `the run has kept no baseline: there is no ${baselineFiles.header}`,
      where: { file: folder },
      remedy:
        'name the directory of a complete run whose policy has `replay.reuse_baseline_days`, or leave --baseline-from out',
    })
  }
  // The times of files say nothing: they may be copies.
  const keptAt = '9999-12-31T23:59:59Z'
  return {
    named: true,
    list: async () => [{ id: 0, run: { id: null, attempt: 1 }, keptAt, bytes: 0, doubt: null }],
    open: async () => ({ kind: 'there', directory: await openRunDirectory(folder, { make: false }) }),
  }
}
