import type { ClientFactory } from '../connect.ts'
import { connectBatches } from './batch-client.ts'
import { easeHeap } from './heap.ts'
import { connectEndpoint } from './openai-client.ts'
import { openRecording } from './recorded-client.ts'

/** Clients of real endpoints and of recordings. */
export const clientFactory: ClientFactory = {
  async connectEndpoint(request) {
    // What turns there are has been drawn.
    easeHeap()
    return { ...(await connectEndpoint(request)), connectBatches: () => connectBatches(request) }
  },
  openRecording,
}
