import { describe, expect, it } from '@jest/globals'
import { createModelledServer, type ServerModel } from '../fakes/modelled-server.ts'
import { createVirtualClock } from '../fakes/virtual-clock.ts'
import { makeRandom } from '../verdict/chance.ts'
import { openHost } from './endpoints.ts'

/** Asks a modelled server, in virtual time: everything here is computed, and the same each time. */
async function play(parts: {
  model: ServerModel
  requests: number
  concurrency?: number | 'auto'
  /** Whether answers say what is left. */
  tells?: boolean
}) {
  const { model, requests, concurrency = 'auto', tells = false } = parts
  let server: ReturnType<typeof createModelledServer> | null = null
  const { clock, askAll } = openHost(
    async (request, { clock, exchange }) => {
      server ??= createModelledServer(model, clock)
      const answered = server.answer(request)
      const allowance = server.allowance()
      const answer = await answered
      if (tells) exchange?.heard([allowance])
      return answer
    },
    { concurrency },
  )
  const completions = await clock.run(askAll(requests))
  const { asked, refused } = (server as unknown as ReturnType<typeof createModelledServer>).counts
  return {
    ms: clock.monotonicMs(),
    wasted: refused / asked,
    completed: completions.filter(({ kind }) => kind === 'completed').length,
    asked,
    refused,
  }
}

/** Log-normal with a median. */
function makeTimes(medianMs: number, sigma = 0.5): () => number {
  const random = makeRandom(3)
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return medianMs * Math.exp(sigma * normal)
  }
}

describe('a host that gives out so many requests a second', () => {
  const bucket = { perSecond: 50, burst: 50 }

  it.each([
    ['asks for a second', 1000],
    ['asks for a moment', 20],
    ['asks for nothing', null],
  ] as const)('is used to nine tenths, with few requests wasted, where it %s', async (_, retryAfterMs) => {
    const requests = 3000
    const model = { serviceMs: makeTimes(300), bucket, retryAfterMs, refusalMs: 50 }
    const { ms, wasted, completed } = await play({ model, requests })
    expect(completed).toBe(requests)
    expect(ms / ((requests / bucket.perSecond) * 1000)).toBeLessThan(1.1)
    expect(wasted).toBeLessThan(0.05)
  })

  it('wastes none where its answers say what is left', async () => {
    const requests = 3000
    const model = { serviceMs: makeTimes(300), bucket, retryAfterMs: 1000, refusalMs: 50 }
    const { ms, refused } = await play({ model, requests, tells: true })
    expect(ms / ((requests / bucket.perSecond) * 1000)).toBeLessThan(1.1)
    expect(refused).toBe(0)
  })

  it('is paced with a fixed number under way too', async () => {
    const requests = 3000
    const model = { serviceMs: makeTimes(300), bucket, retryAfterMs: 1000, refusalMs: 50 }
    const { ms, wasted } = await play({ model, requests, concurrency: 64 })
    expect(ms / ((requests / bucket.perSecond) * 1000)).toBeLessThan(1.1)
    expect(wasted).toBeLessThan(0.05)
  })

  it('is used to about nine tenths over minutes, where a pause is much longer than its bucket', async () => {
    const requests = 30_000
    const small = { perSecond: 200, burst: 20 }
    const model = { serviceMs: makeTimes(50), bucket: small, retryAfterMs: 1000, refusalMs: 50 }
    const { ms, wasted } = await play({ model, requests })
    expect(ms / ((requests / small.perSecond) * 1000)).toBeLessThan(1.15)
    expect(wasted).toBeLessThan(0.01)
  })

  it('is refused for ever: all ends, and all that was asked has failed', async () => {
    const model = { serviceMs: makeTimes(300), bucket: { perSecond: 0, burst: 20 }, retryAfterMs: 20_000 }
    const { ms, completed, asked, refused } = await play({ model, requests: 3000 })
    expect([completed, asked - refused]).toEqual([20, 20])
    expect(refused).toBeLessThan(100)
    expect(ms).toBeLessThan(15 * 60_000)
  })
})

describe('a host that answers so many at once', () => {
  it('is used as well as by the best number, from whatever it begins with', async () => {
    const requests = 12_000
    const run = async (concurrency: number | 'auto') => {
      const times = makeTimes(1000, 0.6)
      const random = makeRandom(5)
      let totalMs = 0
      const serviceMs = () => {
        const ms = times() * (random() < 0.01 ? 10 : 1)
        totalMs += ms
        return ms
      }
      const { ms } = await play({ model: { places: 64, serviceMs }, requests, concurrency })
      return ms / (totalMs / 64)
    }
    const [best, found, begun] = [await run(64), await run('auto'), await run(8)]
    expect(found).toBeLessThan(best + 0.05)
    expect(begun).toBeGreaterThan(5)
  })

  it('slows down tenfold midway: all is answered, in about the time that it takes', async () => {
    const times = makeTimes(1000, 0.3)
    let totalMs = 0
    const serviceMs = ({ nowMs }: { nowMs: number }) => {
      const ms = times() * (nowMs > 60_000 ? 10 : 1)
      totalMs += ms
      return ms
    }
    const { ms, completed } = await play({ model: { places: 32, serviceMs }, requests: 4000 })
    expect(completed).toBe(4000)
    expect(ms / (totalMs / 32)).toBeLessThan(1.15)
  })
})

describe('the virtual clock', () => {
  it('ends sleeps in the order of time, and does not end what waits for something else', async () => {
    const clock = createVirtualClock()
    const order: number[] = []
    const sleeps = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => order.push(ms)))
    await clock.run(Promise.all(sleeps))
    expect([order, clock.monotonicMs()]).toEqual([[10, 20, 30], 30])
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('waits for something')
  })
})
