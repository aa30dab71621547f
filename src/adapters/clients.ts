import type { ClientFactory } from '../connect.ts'
import { connectEndpoint } from './openai-client.ts'
import { openRecording } from './recorded-client.ts'

/** Clients of real endpoints and of recordings. */
export const clientFactory: ClientFactory = { connectEndpoint, openRecording }
