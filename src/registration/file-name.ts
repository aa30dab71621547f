import { createHash } from 'node:crypto'

const longestName = 80

/**
 * A file name for a candidate's registration: the gate goes by what is written in the file. An id that a name can't hold
 * in full gets some digits of its SHA-256, so that two of them are two files.
 */
export function suggestFileName(candidate: string): string {
  const name = candidate
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
  if (name !== '' && name.length <= longestName && !isReserved(name)) return `${name}.yml`
  const digits = createHash('sha256').update(candidate).digest('hex').slice(0, 8)
  const kept = name.slice(0, longestName).replace(/[-.]+$/, '')
  return `${kept === '' ? 'candidate' : kept}-${digits}.yml`
}

// Windows has no files of these names, whatever comes after a dot.
function isReserved(name: string): boolean {
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)
}
