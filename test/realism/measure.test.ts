import { describe, expect, it } from '@jest/globals'
import { realismResultSchema } from '../../src/policy/realism-result.ts'
import { measureRealism, type RealismRequest } from '../../src/realism/measure.ts'
import { renderRealism } from '../../src/realism/render-result.ts'
import { completeWith, failWith, type ScriptedAnswer } from '../fakes/scripted-client.ts'
import { takeRefusal } from '../support/refusal.ts'
import {
  choose,
  choosePerfectly,
  createDiscriminator,
  createPorts,
  makeRequest,
  type Shown,
} from './discriminators.ts'
import { makePair, makePairs, writePairs } from './pairs.ts'

const source = writePairs(makePairs(40))

async function measureWith(
  answer: (shown: Shown, index: number) => ScriptedAnswer,
  parts: Partial<RealismRequest> = {},
  from = source,
) {
  const client = createDiscriminator(answer)
  const ports = createPorts(client)
  const result = await measureRealism(makeRequest(from, parts), ports)
  realismResultSchema.parse(result)
  if (result.discriminator === null) throw new Error('nobody was asked')
  return { result, measured: result.discriminator, client, ports, text: renderRealism(result) }
}

/** A coin by the id of the pair, the same in both orders. */
const isHeads = (id: string) => [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 2 === 0

describe('a discriminator that sees everything', () => {
  it('tells the simulation apart, and shows it by its name, its controls and its slices', async () => {
    const { measured, client, result, text } = await measureWith((shown) =>
      completeWith({ text: choosePerfectly(shown), model: 'disc-1-2026-10-01' }),
    )
    expect(measured).toMatchObject({
      model: 'disc-1',
      answered_as: { 'disc-1-2026-10-01': 120 },
      requests: 120,
      win_rate: { pairs: 40, conversations: 40, won: 0, tied: 0, lost: 40, missing: 0, rate: 0 },
      control: { pairs: 20, rate: 1, detected: true },
      verdict: 'distinguishable',
      reason: 'taken-for-simulated',
    })
    expect(client.requests).toHaveLength(120)
    expect(new Set(client.requests.map(({ customId }) => customId)).size).toBe(120)
    expect(measured.slices.map(({ by, name, finding }) => [by, name, finding])).toEqual([
      ['source', 'simulated', 'gives-away'],
      ['tool', 'find_order', 'gives-away'],
    ])
    expect(result.pairs).toMatchObject({
      total: 40,
      used: 40,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(text).toContain('Discriminator: disc-1, answered as disc-1-2026-10-01 (120); 120 requests')
    expect(text).toContain('DISTINGUISHABLE: simulated rollouts are taken for simulated ones')
    expect(text).toMatch(/^tool find_order +40 +0\.0 % +0\.0 % to 7\.2 % +\S+ {2}gives the simulation away$/m)
  })

  it('is warned of where it answers under another name', async () => {
    const warning = 'Warning: some answers come under another name'
    const answerAs = (model: string) => (shown: Shown) =>
      completeWith({ text: choosePerfectly(shown), model })
    expect((await measureWith(answerAs('disc-1-2026-10-01'))).text).not.toContain(warning)
    expect((await measureWith(answerAs('cheap-2'))).text).toContain(warning)
  })

  it('is shown both orders of each pair, and nothing of which is which', async () => {
    const { client } = await measureWith(choosePerfectly, { controls: 0 })
    const own = client.requests.filter(({ customId }) => customId.startsWith('p3|'))
    const texts = own.map(({ messages }) => String(messages[1]?.content))
    expect(texts).toHaveLength(2)
    expect(texts.map((text) => text.indexOf('(simulated)') < text.indexOf('It cost 12.5.'))).not.toEqual([
      true,
      true,
    ])
    for (const text of texts) expect(text).not.toMatch(/s-0|r-0|simulated">|"real"/)
    expect(own[0]?.messages[0]).toEqual(own[1]?.messages[0])
  })

  it('can’t tell what it can’t see: the verdict on even choices is inconclusive, with its controls detected', async () => {
    const { measured } = await measureWith((shown) => {
      if (shown.purpose === 'control') return choosePerfectly(shown)
      return choose(isHeads(shown.id) === shown.first.includes('(simulated)') ? 'first' : 'second')
    })
    expect(measured).toMatchObject({ verdict: 'inconclusive', reason: 'too-few', control: { rate: 1 } })
    expect(measured.win_rate.rate).toBeGreaterThan(0.3)
    expect(measured.win_rate.rate).toBeLessThan(0.7)
  })
})

describe('a discriminator that proves nothing', () => {
  it('says so where it is blind: degraded rollouts were not detected', async () => {
    const { measured, text } = await measureWith(({ id, first, second }) =>
      choose(isHeads(id) === first < second ? 'first' : 'second'),
    )
    expect(measured.control?.detected).toBe(false)
    expect(measured).toMatchObject({ verdict: 'inconclusive', reason: 'blind' })
    expect(text).toContain('degraded rollouts were not detected, so that this proves nothing')
  })

  it('has a tie of every pair where it goes by the order, and is blind by that', async () => {
    const { measured, text } = await measureWith(() => choose('first'))
    expect(measured.win_rate).toMatchObject({ tied: 40, won: 0, lost: 0, rate: 0.5 })
    expect(measured.position).toEqual({ choices: 120, first: 120 })
    expect(measured).toMatchObject({ control: { rate: 0.5, detected: false }, reason: 'blind' })
    expect(text).toContain('The rollout shown first was chosen 120 of 120 times (100 %).')
  })

  it('has no control where it was given none', async () => {
    const { measured } = await measureWith(choosePerfectly, { controls: 0 })
    expect(measured).toMatchObject({ control: null, verdict: 'inconclusive', reason: 'no-control' })
  })
})

describe('a discriminator that does not answer as asked', () => {
  it('is asked once more for what breaks the contract, and what still has no choice is missing, never guessed', async () => {
    const asked = new Map<string, number>()
    const { measured, client, text } = await measureWith((shown) => {
      const key = `${shown.purpose} ${shown.id} ${shown.first}`
      asked.set(key, (asked.get(key) ?? 0) + 1)
      if (shown.purpose === 'realism' && shown.id === 'p1') return 'The first one, I am sure.'
      if (shown.purpose === 'realism' && shown.id === 'p2') return '{"real": "first", "real": "second"}'
      if (shown.id === 'p3' && asked.get(key) === 1) return '{"real": "both"}'
      return `\`\`\`json\n${choosePerfectly(shown)}\n\`\`\``
    })
    expect(measured.win_rate).toMatchObject({ pairs: 40, missing: 2, lost: 38, rate: 0 })
    expect(measured.missing).toEqual({ 'invalid-answer': 4 })
    expect(measured.requests).toBe(client.requests.length)
    // Those two are at their worst in the upper bound.
    expect(measured.win_rate.upper).toBeGreaterThan(0.14)
    expect(text).toContain('Without a choice: invalid-answer 4.')
  })

  it('counts refusals without asking again', async () => {
    const refused = completeWith({ text: '', refusal: 'I can’t help with that.' })
    const { measured, client } = await measureWith((shown) =>
      shown.purpose === 'realism' && isHeads(shown.id) ? refused : choosePerfectly(shown),
    )
    expect(client.requests).toHaveLength(120)
    expect(measured.missing.refused).toBe(2 * measured.win_rate.missing)
    expect(measured.win_rate.missing).toBeGreaterThan(10)
    expect(measured).toMatchObject({ verdict: 'inconclusive', reason: 'too-few' })
  })

  it('does not detect controls by refusing them', async () => {
    const refused = completeWith({ text: '', refusal: 'No.' })
    const { measured } = await measureWith((shown) =>
      shown.purpose === 'control' ? refused : choosePerfectly(shown),
    )
    expect(measured.control).toMatchObject({ pairs: 20, rate: null, lower: 0, detected: false })
    expect(measured.reason).toBe('blind')
  })

  it('gives no result where no pair has an answer', async () => {
    const refusal = await takeRefusal(() => measureWith(() => 'Hm.'))
    expect(refusal.message).toBe('the discriminator chose in both orders of no pair (invalid-answer: 120)')
    expect(refusal).toMatchObject({ code: 'endpoint' })
  })

  it('gives no result where the endpoint is not there', async () => {
    expect(await takeRefusal(() => measureWith(() => failWith('connection-refused')))).toMatchObject({
      code: 'endpoint',
    })
  })

  it('tries a lost call again, and counts what stays lost', async () => {
    const { measured } = await measureWith((shown) =>
      shown.purpose === 'realism' && shown.id === 'p5' ? failWith('server-error') : choosePerfectly(shown),
    )
    expect(measured.win_rate.missing).toBe(1)
    expect(measured.missing).toEqual({ 'server-error': 2 })
  })

  it('writes nothing of a part of the pairs', async () => {
    const cancelling = new AbortController()
    const client = createDiscriminator((shown, index) => {
      if (index === 10) cancelling.abort()
      return choosePerfectly(shown)
    })
    const ports = { ...createPorts(client), cancelled: cancelling.signal }
    const refusal = await takeRefusal(() => measureRealism(makeRequest(source), ports))
    expect(refusal.message).toMatch(/^it was cancelled after \d+ of 60 pairs: nothing was written$/)
  })
})

describe('what is asked', () => {
  it('is a seeded part of the pairs, whatever their order in the file', async () => {
    const asked = async (from: typeof source, seed: string) => {
      const { client } = await measureWith(choosePerfectly, { pairs: 10, controls: 5, seed }, from)
      return client.requests.map(({ customId }) => customId).toSorted()
    }
    const first = await asked(source, 'a')
    expect(first.filter((id) => id.includes('|realism|'))).toHaveLength(20)
    expect(first.filter((id) => id.includes('|control|'))).toHaveLength(10)
    expect(await asked(writePairs(makePairs(40).toReversed()), 'a')).toEqual(first)
    expect(await asked(source, 'b')).not.toEqual(first)
  })

  it('says beforehand how much it is', async () => {
    const { ports } = await measureWith(choosePerfectly)
    expect(ports.log.lines[0]).toMatch(
      /^info: 40 pairs and 20 controls, each in both orders: 120 requests to disc-1 at most, .* about [\d,]+ tokens/,
    )
  })

  it('is nothing for pairs of identical rollouts, which are ties', async () => {
    const same = makePairs(30).map((pair) => ({ ...pair, simulated: pair.real }))
    const { measured, client } = await measureWith(choosePerfectly, {}, writePairs(same))
    expect(client.requests.filter(({ customId }) => customId.includes('|realism|'))).toEqual([])
    expect(measured).toMatchObject({ identical: 30, win_rate: { tied: 30, rate: 0.5 }, reason: 'too-few' })
  })

  it('is nobody without a model', async () => {
    const client = createDiscriminator(choosePerfectly)
    const result = await measureRealism(makeRequest(source, { model: null }), createPorts(client))
    expect(result.discriminator).toBe(null)
    expect(client.requests).toEqual([])
    realismResultSchema.parse(result)
  })
})

describe('slices', () => {
  it('show which tool gives the simulation away, and which are too few to tell', async () => {
    const pairs = Array.from({ length: 40 }, (_, index) => {
      const tool = index < 16 ? 'find_order' : index < 36 ? 'refund' : 'rare_tool'
      const steps = [
        { tool, result: '{"order": 1}', source: index < 16 ? ('recorded' as const) : ('simulated' as const) },
      ]
      const answer = `Your order p${index} is on its way. It cost 12.5.`
      const poor = `Order p${index} (simulated) has left. It cost 12.5.`
      return makePair(`p${index}`, { real: { steps, answer }, simulated: { steps, answer: poor } })
    })
    // The recorded results give nothing away.
    const { measured, text } = await measureWith(
      (shown) => {
        if (shown.purpose === 'control' || !shown.first.includes('find_order')) return choosePerfectly(shown)
        return choose(isHeads(shown.id) === shown.first.includes('(simulated)') ? 'first' : 'second')
      },
      {},
      writePairs(pairs),
    )
    const found = Object.fromEntries(measured.slices.map(({ name, ...slice }) => [name, slice]))
    expect(found.refund).toMatchObject({ by: 'tool', pairs: 20, rate: 0, finding: 'gives-away' })
    expect(found.simulated).toMatchObject({ by: 'source', pairs: 24, finding: 'gives-away' })
    expect(found.recorded).toMatchObject({ pairs: 16, finding: 'not-shown' })
    expect(found.find_order).toMatchObject({ pairs: 16, finding: 'not-shown' })
    expect(found.rare_tool).toMatchObject({ pairs: 4, adjusted_p: null, finding: 'too-few' })
    // Four slices are a family; the rare one is in none.
    expect(found.refund?.adjusted_p).toBeCloseTo(3 * 2 * 0.5 ** 20, 12)
    expect(text).toMatch(/^tool rare_tool .* too few to tell$/m)
  })
})
