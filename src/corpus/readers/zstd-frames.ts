/** What the walk over an archive wants next: bytes to look at, bytes to pass over, or a cut at this place. */
type Step = { kind: 'take'; length: number } | { kind: 'pass'; length: number } | { kind: 'cut' }

const frameMagic = 0xfd2fb528
/** Of the 16 that mark a frame to be skipped, without the last 4 bits. */
const skippedMagic = 0x184d2a50

/**
 * Cuts the bytes of a zstd archive so that no chunk has bytes of two frames.
 *
 * Node's decompressor stops for good at the end of a frame inside a chunk, without an error, and goes on with the next
 * frame where a chunk begins with it (https://github.com/nodejs/node/issues/64741). Archives of several frames are
 * common: `pzstd` and `cat a.zst b.zst` make them. What is no zstd is passed on as it is, for the decompressor to refuse.
 */
export async function* cutFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const walk = walkFrames()
  const held: number[] = []
  let step = start(walk)
  let left = step.kind === 'cut' ? 0 : step.length
  const advance = () => {
    step = walk.next(held.splice(0)).value
    left = step.kind === 'cut' ? 0 : step.length
  }
  for await (const chunk of bytes) {
    let begin = 0
    let at = 0
    while (at < chunk.length) {
      const length = Math.min(left, chunk.length - at)
      if (step.kind === 'take') held.push(...chunk.subarray(at, at + length))
      at += length
      left -= length
      while (left === 0) {
        if (step.kind === 'cut') {
          if (at > begin) yield chunk.subarray(begin, at)
          begin = at
        }
        advance()
      }
    }
    if (begin < chunk.length) yield chunk.subarray(begin)
  }
}

function start(walk: Generator<Step, never, number[]>): Step {
  return walk.next([]).value
}

/** The layout of frames, RFC 8878 section 3.1. */
function* walkFrames(): Generator<Step, never, number[]> {
  while (true) {
    const magic = readNumber(yield { kind: 'take', length: 4 })
    if (magic === frameMagic) yield* walkFrame()
    else if ((magic & ~0xf) >>> 0 === skippedMagic) {
      yield { kind: 'pass', length: readNumber(yield { kind: 'take', length: 4 }) }
    } else yield { kind: 'pass', length: Number.POSITIVE_INFINITY }
    yield { kind: 'cut' }
  }
}

function* walkFrame(): Generator<Step, void, number[]> {
  const descriptor = readNumber(yield { kind: 'take', length: 1 })
  const singleSegment = (descriptor & 0x20) !== 0
  const sizeLength = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3] ?? 0
  yield { kind: 'pass', length: (singleSegment ? 0 : 1) + dictionaryLength + sizeLength }
  while (true) {
    const header = readNumber(yield { kind: 'take', length: 3 })
    const repeated = ((header >> 1) & 3) === 1
    yield { kind: 'pass', length: repeated ? 1 : header >> 3 }
    if ((header & 1) === 1) break
  }
  if ((descriptor & 4) !== 0) yield { kind: 'pass', length: 4 }
}

/** Bytes as an unsigned number, the lowest first. */
function readNumber(bytes: number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}
