import { hash } from 'node:crypto'

const twoTo48 = 0x1000000000000

/**
 * A number in [0, 1): the first 48 bits of the SHA-256 of the parts. Equal parts give an equal number on
 * every machine, which is the only chance the simulation has.
 */
export function drawUniform(parts: readonly string[]): number {
  // JSON keeps ['a', 'bc'] and ['ab', 'c'] apart.
  return Number.parseInt(hash('sha256', JSON.stringify(parts)).slice(0, 12), 16) / twoTo48
}

/** One of the options, each equally likely over the parts. Throws a RangeError when there are none. */
export function chooseOne<Option>(options: readonly Option[], parts: readonly string[]): Option {
  const option = options[Math.floor(drawUniform(parts) * options.length)]
  if (option === undefined) throw new RangeError(`no option to choose from: ${parts.join(', ')}`)
  return option
}

/** `count` of the options, or all of them when there are fewer, in an order that the parts decide. */
export function chooseSome<Option>(request: {
  options: readonly Option[]
  count: number
  parts: readonly string[]
}): Option[] {
  return request.options
    .map((option, index) => ({ option, rank: drawUniform([...request.parts, String(index)]) }))
    .sort((left, right) => left.rank - right.rank)
    .slice(0, request.count)
    .map((ranked) => ranked.option)
}
