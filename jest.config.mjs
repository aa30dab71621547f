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
  reporters: ['default', '<rootDir>/test/reporters/count-line.mjs'],
}
