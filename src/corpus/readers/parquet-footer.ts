import type { FileMetaData } from 'hyparquet'
import { GateError } from '../../errors.ts'
import { formatBytes } from '../limits.ts'
import type { ReadRequest } from './reader.ts'

/** What a Parquet file says of itself at its end. */
export interface Footer {
  metadata: FileMetaData
  /** Its bytes, to be compared with those that are streamed. */
  bytes: Uint8Array
}

/** The length of the metadata and `PAR1`. */
const trailer = 8
/** Most footers fit into it, so that one read is enough. */
const firstRead = 2 ** 16

/**
 * Reads the metadata from a file's end.
 * @throws GateError for a file that doesn't end as Parquet does
 */
export async function readFooter(request: Pick<ReadRequest, 'file' | 'limits' | 'readEnd'>): Promise<Footer> {
  const { file, limits, readEnd } = request
  const { parquetMetadata } = await import('hyparquet')
  const end = await readEnd(firstRead)
  const view = new DataView(end.buffer, end.byteOffset, end.byteLength)
  if (end.length < trailer || Buffer.from(end.subarray(-4)).toString('latin1') !== 'PAR1') {
    throw refuseFooter(file, 'it does not end with PAR1')
  }
  const length = view.getUint32(end.length - trailer, true) + trailer
  if (length > limits.footer) {
    throw refuseFooter(file, `its footer would be larger than ${formatBytes(limits.footer)}`)
  }
  const bytes = length <= end.length ? end.subarray(end.length - length) : await readEnd(length)
  if (bytes.length < length) throw refuseFooter(file, 'its footer would be larger than the file')
  try {
    return { metadata: parquetMetadata(bytes, { geoparquet: false }), bytes }
  } catch (cause) {
    throw refuseFooter(file, 'its footer can not be read', cause)
  }
}

function refuseFooter(file: string, reason: string, cause?: unknown): GateError {
  return new GateError({
    code: 'corpus',
    message: `the Parquet file is damaged or cut off: ${reason}`,
    where: { file },
    remedy: 'transfer the file again',
    cause,
  })
}
