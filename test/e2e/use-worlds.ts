import { afterEach, expect } from '@jest/globals'
import { openWorld, type World, type WorldOptions } from './world.ts'

/** Worlds, and servers beside them, of one test. */
export interface Worlds {
  open(options?: WorldOptions): Promise<World>
  /** What else is to be closed when the test is over. */
  closers: (() => Promise<void>)[]
}

/** Opens worlds, with what all of a file's have in common, and closes them after each test. */
export function useWorlds(common: WorldOptions = {}): Worlds {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })
  return {
    closers,
    async open(options = {}) {
      const world = await openWorld({ ...common, ...options })
      closers.push(world.close)
      return world
    },
  }
}

/** Everything that GitHub was asked is as it describes its API. */
export function expectCleanContract(world: World): void {
  expect(world.github.log.filter(({ problem }) => problem !== undefined)).toEqual([])
}
