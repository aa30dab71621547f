import { inflateRawSync } from 'node:zlib'

const endSignature = 0x06054b50
const entrySignature = 0x02014b50

/**
 * The files of a ZIP archive by path; folders are left out. Reads the central directory (APPNOTE 4.3.12,
 * 4.3.16): streamed archives, as `@actions/artifact` writes, have the sizes only there. ZIP64 and encryption are
 * not supported.
 *
 * @throws Error when it isn't such an archive
 */
export function readZip(archive: Buffer): Record<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0 || archive.readUInt32LE(end) !== endSignature) throw new Error('not a ZIP archive')
  const count = archive.readUInt16LE(end + 10)
  let offset = archive.readUInt32LE(end + 16)
  const files: Record<string, Buffer> = {}
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(offset) !== entrySignature) throw new Error('the ZIP directory is damaged')
    const nameLength = archive.readUInt16LE(offset + 28)
    const name = archive.subarray(offset + 46, offset + 46 + nameLength).toString()
    if (!name.endsWith('/')) files[name] = readEntry(archive, offset)
    offset += 46 + nameLength + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32)
  }
  return files
}

function readEntry(archive: Buffer, offset: number): Buffer {
  const method = archive.readUInt16LE(offset + 10)
  const packedLength = archive.readUInt32LE(offset + 20)
  const length = archive.readUInt32LE(offset + 24)
  const local = archive.readUInt32LE(offset + 42)
  // The local header's name and extra field may differ in length from the directory's.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const packed = archive.subarray(start, start + packedLength)
  if (method !== 0 && method !== 8) throw new Error(`ZIP method ${method} is not supported`)
  const content = method === 0 ? packed : inflateRawSync(packed)
  if (content.length !== length) throw new Error('the ZIP entry has another length than its directory says')
  return content
}
