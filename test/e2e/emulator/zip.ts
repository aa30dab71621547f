import { crc32, inflateRawSync } from 'node:zlib'

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

/** An archive of files that are not compressed, with whatever names (APPNOTE 4.3.7, 4.3.12, 4.3.16). */
export function writeZip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const [path, content] = [Buffer.from(name), Buffer.from(text)]
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(content.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, path, content])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\u0001\u0002\u0014\0'), fields, place, path)
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const last = Buffer.alloc(18)
  last.writeUInt16LE(parts.length, 4)
  last.writeUInt16LE(parts.length, 6)
  last.writeUInt32LE(central.length, 8)
  last.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\u0005\u0006'), last])
}
