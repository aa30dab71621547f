import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe } from '@jest/globals'

/** The checkout's root. */
export const root = resolve(import.meta.dirname, '../..')

const folder = resolve(root, '..', 'shared')

/** The path of a file under `shared/`, the folder of real data that stands beside a checkout. */
export function sharedPath(path: string): string {
  return resolve(folder, path)
}

/**
 * `describe`, for tests that read `shared/`: skipped by name where the folder is absent. Under CI it runs
 * all the same, so that the absence fails there instead of passing unseen.
 */
export function describeWithShared(name: string, body: () => void): void {
  if (existsSync(folder) || process.env.CI === 'true') describe(name, body)
  else describe.skip(`${name} (skipped: no ${folder})`, body)
}
