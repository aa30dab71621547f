import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** All bytes that came in over one connection, and the local port that they came to. */
export type Connection = { port: number; received: Buffer }

/** What every server of this process receives while it is recorded, whatever the server makes of it. */
export type SocketRecording = { connections: () => Connection[]; stop: () => void }

/**
 * Records the sockets themselves: a stand-in's own log has only what it understood. Node publishes each connection
 * that a server of the process accepts (`net.server.socket`, documented with `diagnostics_channel`).
 */
export function recordSockets(): SocketRecording {
  const chunks: { port: number; parts: Buffer[] }[] = []
  const listen = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    const connection = { port: socket.localPort ?? 0, parts: [] as Buffer[] }
    chunks.push(connection)
    socket.on('data', (part: Buffer) => connection.parts.push(Buffer.from(part)))
  }
  subscribe('net.server.socket', listen)
  return {
    connections: () => chunks.map(({ port, parts }) => ({ port, received: Buffer.concat(parts) })),
    stop: () => {
      unsubscribe('net.server.socket', listen)
    },
  }
}
