import { hash } from 'node:crypto'

/** Gives u of a turn by its id: the first 52 bits of SHA-256(seed ‖ 0 ‖ turn id), as a number in [0, 1). */
export type TurnRanker = (turnId: string) => number

/**
 * Ranks turns under a seed. A draw ranks every turn of a corpus, and most of the time of a call of `node:crypto` is the
 * call: SHA-256 (FIPS 180-4) is worked out here, and the blocks that the seed fills only once.
 */
export function createTurnRanker(seed: string): TurnRanker {
  const prefix = Buffer.from(`${seed}\0`)
  const fixed = prefix.length - (prefix.length % 64)
  const words = new Int32Array(64)
  const state = Int32Array.from(initialState)
  for (let start = 0; start < fixed; start += 64) compress(state, schedule(words, prefix, start))
  const tail = prefix.subarray(fixed)
  const bytes = new Uint8Array(1024)
  bytes.set(tail)
  const current = new Int32Array(8)
  return (turnId) => {
    let length = tail.length + turnId.length
    if (length > bytes.length - 72) return rankSlowly(seed, turnId)
    for (let index = 0; index < turnId.length; index += 1) {
      const code = turnId.charCodeAt(index)
      if (code > 127) return rankSlowly(seed, turnId)
      bytes[tail.length + index] = code
    }
    const bits = (fixed + length) * 8
    const end = length + 8 - ((length + 8) % 64) + 64
    bytes[length] = 128
    for (length += 1; length < end - 4; length += 1) bytes[length] = 0
    for (let index = 1; index <= 4; index += 1) bytes[end - index] = bits >>> (8 * (index - 1))
    for (let index = 0; index < 8; index += 1) current[index] = state[index] as number
    for (let start = 0; start < end; start += 64) compress(current, schedule(words, bytes, start))
    return (((current[0] as number) >>> 0) * 2 ** 20 + ((current[1] as number) >>> 12)) / 2 ** 52
  }
}

function rankSlowly(seed: string, turnId: string): number {
  return Number.parseInt(hash('sha256', `${seed}\0${turnId}`, 'hex').slice(0, 13), 16) / 2 ** 52
}

/** The first 32 bits of the fractional parts of the roots of the first primes: FIPS 180-4, 4.2.2 and 5.3.3. */
const roundConstants = Int32Array.from(listPrimes(64), (prime) => takeFraction(Math.cbrt(prime)))
const initialState = Int32Array.from(listPrimes(8), (prime) => takeFraction(Math.sqrt(prime)))

function listPrimes(count: number): number[] {
  const primes: number[] = []
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number)
  }
  return primes
}

function takeFraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0
}

/** The 64 words of the schedule of a block, FIPS 180-4, 6.2.2. */
function schedule(w: Int32Array, bytes: Uint8Array, start: number): Int32Array {
  for (let index = 0; index < 16; index += 1) {
    const at = start + 4 * index
    w[index] =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
  }
  for (let index = 16; index < 64; index += 1) {
    const x = w[index - 15] as number
    const y = w[index - 2] as number
    const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[index] = ((w[index - 16] as number) + small + (w[index - 7] as number) + large) | 0
  }
  return w
}

/** One block, FIPS 180-4, 6.2.2. */
function compress(state: Int32Array, w: Int32Array): void {
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let index = 0; index < 64; index += 1) {
    const e1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + e1 + ((e & f) ^ (~e & g)) + (roundConstants[index] as number) + (w[index] as number)) | 0
    const a0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (a0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
  state[5] = (state[5] as number) + f
  state[6] = (state[6] as number) + g
  state[7] = (state[7] as number) + h
}
