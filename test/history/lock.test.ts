import { describe, expect, it } from '@jest/globals'
import { checkLock, countRound, type PushedRegistration } from '../../src/history/lock.ts'
import type { Plan } from '../../src/plan/plan.ts'

type Registered = Plan['registration']

const amendment = (number: number) => ({ number, date: '2026-11-03', reason: `reason ${number}` })

function register(rate: number, amendments: Registered['amendments'] = []): Registered {
  return {
    version: 1,
    candidate: 'ckpt-2',
    round: 1,
    predictions: [
      {
        category: 'rude',
        ratePer100k: rate,
        intervalPer100k: [0, 5000],
        direction: 'same',
        limitPer100k: null,
      },
    ],
    amendments,
    withdrawn: false,
  }
}

const since = '2026-11-02T08:00:00Z'
const known = (registration: Registered, from: 'file' | 'standing' = 'file') =>
  ({ kind: 'known', registration, from }) as const
const lock = (parts: Partial<Parameters<typeof checkLock>[0]>) =>
  checkLock({
    registration: register(10),
    from: 'file',
    onBase: false,
    earlier: [{ at: since, registering: known(register(10)) }],
    pushed: [],
    ...parts,
  })

describe('the lock of a registration', () => {
  it('is open before the first attempt, and keeps what was there then', () => {
    expect(lock({ earlier: [] })).toEqual({ kind: 'first' })
    expect(lock({})).toEqual({ kind: 'kept', since })
  })

  it('names what was done: edited, late, or no longer to be told', () => {
    expect(lock({ registration: register(11) })).toMatchObject({ kind: 'broken', cause: 'edited' })
    expect(lock({ earlier: [{ at: since, registering: { kind: 'none' } }] })).toMatchObject({ cause: 'late' })
    expect(lock({ earlier: [{ at: since, registering: { kind: 'unreadable' } }] })).toMatchObject({
      cause: 'unreadable',
    })
  })

  it('calls a file that follows a standing registration late, unless it is the same', () => {
    const standing = { at: since, registering: known(register(10), 'standing') }
    expect(lock({ earlier: [standing] })).toEqual({ kind: 'kept', since })
    expect(lock({ earlier: [standing], registration: register(11) })).toMatchObject({ cause: 'late' })
  })

  const away: PushedRegistration = {
    at: '2026-11-02T09:00:00Z',
    sha: 'a'.repeat(40),
    registering: known(register(99)),
  }

  it('sees that it was pushed away, however it came back', () => {
    for (const registering of [away.registering, { kind: 'none' } as const]) {
      const broken = lock({ pushed: [{ ...away, registering }] })
      expect(broken).toMatchObject({ kind: 'broken', cause: 'moved' })
      expect(broken.kind === 'broken' && broken.why).toContain('at 2026-11-02T09:00:00Z (aaaaaaaaaaaa)')
    }
    expect(lock({ pushed: [{ ...away, registering: known(register(10)) }] }).kind).toBe('kept')
  })

  it('takes an amendment that is on the base, has a number more, and follows those that were there', () => {
    const first = { at: since, registering: known(register(10, [amendment(1)])) }
    const next = register(12, [amendment(1), amendment(2)])
    expect(lock({ earlier: [first], registration: next, onBase: true })).toEqual({
      kind: 'amended',
      since,
      amendments: 2,
    })
    expect(lock({ earlier: [first], registration: next, onBase: true, pushed: [away] }).kind).toBe('amended')
    expect(lock({ earlier: [first], registration: next, onBase: false }).kind).toBe('broken')
    const rewritten = register(12, [{ ...amendment(1), reason: 'another' }, amendment(2)])
    expect(lock({ earlier: [first], registration: rewritten, onBase: true }).kind).toBe('broken')
    expect(lock({ earlier: [first], registration: register(12, [amendment(1)]), onBase: true }).kind).toBe(
      'broken',
    )
  })

  it('does not take it for an amendment that the base has the edited one', () => {
    expect(lock({ registration: register(11), onBase: true })).toMatchObject({ cause: 'edited' })
  })
})

describe('the lock of a registration that was amended', () => {
  const first = { at: since, registering: known(register(10)) }
  const amended = register(12, [amendment(1)])
  const second = { at: '2026-11-03T08:00:00Z', registering: known(amended) }

  it('goes by what was measured with last, and stays amended', () => {
    expect(lock({ earlier: [first, second], registration: amended })).toEqual({
      kind: 'amended',
      since,
      amendments: 1,
    })
  })

  it('is neither taken back nor rewritten, on the base or not', () => {
    const rewritten = register(13, [{ ...amendment(1), reason: 'another' }])
    for (const registration of [register(10), rewritten]) {
      expect(lock({ earlier: [first, second], registration, onBase: true })).toMatchObject({
        kind: 'broken',
        cause: 'edited',
      })
    }
  })

  it('takes any of those that were measured with for a push that moved nothing', () => {
    const pushed = [{ at: second.at, sha: 'a'.repeat(40), registering: known(register(10)) }]
    expect(lock({ earlier: [first, second], registration: amended, pushed }).kind).toBe('amended')
  })

  it('of what the gate registers by itself follows the round', () => {
    const standing = { at: since, registering: known(register(10), 'standing') }
    const next = { ...register(10), round: 2 }
    expect(lock({ earlier: [standing], registration: next, from: 'standing' }).kind).toBe('kept')
    expect(lock({ earlier: [standing], registration: next, from: 'file' }).kind).toBe('broken')
  })
})

describe('the round of a sample', () => {
  it('counts the epochs in the order in which they were measured, each once', () => {
    expect(countRound([], 'e1')).toBe(1)
    expect(countRound(['e1', 'e1'], 'e1')).toBe(1)
    expect(countRound(['e1'], 'e2')).toBe(2)
    expect(countRound(['e1', 'e2'], 'e1')).toBe(1)
    expect(countRound(['e1', 'e2', 'e1'], 'e3')).toBe(3)
  })
})
