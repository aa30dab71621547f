import fc from 'fast-check'

// The same properties on the same values in every run: a red check is then about the change under test. With
// FAST_CHECK_SEED=N another part of the space is searched; a failure names the seed that shows it again.
const seed = Number(process.env.FAST_CHECK_SEED ?? 20_261_124)
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
