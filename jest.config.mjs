export default {
  testEnvironment: 'node',
  // Node strips the types itself: no transformer, so stack traces and coverage are the sources'.
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  clearMocks: true,
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  setupFiles: ['<rootDir>/test/support/seed.ts'],
  testTimeout: 30_000,
  // Modules of a test file stay in memory as long as its process (they are loaded by vm): in one process all files together
  // outgrow its heap. A worker that has grown so much is replaced.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/test/reporters/count-line.mjs'],
}
