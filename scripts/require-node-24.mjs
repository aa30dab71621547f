// Jest reads the TypeScript sources through Node's own type stripping, which needs Node 24.
// `npm test` gets it from the `node` devDependency, whatever the system's Node is.
const major = Number(process.versions.node.split('.')[0])
if (major !== 24) {
  console.error(
    `The tests need Node 24, this is ${process.version} (${process.execPath}).\n` +
      'Run them as `npm cit` or `npm test`: npm then uses the Node 24 in node_modules. If you did, the `node` ' +
      'package was not installed completely: its install script must be allowed (npm 11 or newer).',
  )
  process.exit(1)
}
