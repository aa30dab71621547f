import type { ClientFactory } from '../connect.ts'
import { connectBatches } from './batch-client.ts'
import { connectEndpoint } from './openai-client.ts'
import { openRecording } from './recorded-client.ts'

/** Clients of real endpoints and of recordings. */
export const clientFactory: ClientFactory = {
  connectEndpoint: async (request) => ({
    ...(await connectEndpoint(request)),
    connectBatches: () => connectBatches(request),
  }),
  openRecording,
}
