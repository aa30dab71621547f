// Loaded before whatever is measured: lets it reach this machine alone, and says at its end what it took.
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])
const connect = Socket.prototype.connect
Socket.prototype.connect = function (...words) {
  const [options] = Array.isArray(words[0]) ? words[0] : words
  const host = typeof options === 'object' && options !== null ? (options.host ?? 'localhost') : words[1]
  const path = typeof options === 'object' && options !== null ? options.path : null
  if (!path && !loopback.has(host)) {
    queueMicrotask(() => this.destroy(new Error(`a bench reaches nothing but this machine, and not ${host}`)))
    return this
  }
  return connect.apply(this, words)
}

const file = process.env.BENCH_REPORT
if (file !== undefined && file !== '') {
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    writeFileSync(file, JSON.stringify({ peakKib: maxRSS, cpuMs: (userCPUTime + systemCPUTime) / 1000 }))
  })
}
