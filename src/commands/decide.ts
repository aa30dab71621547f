import { openRunDirectory } from '../adapters/run-directory.ts'
import { chooseExitCode } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { decideRecord } from '../gate.ts'
import { formatVerdict } from '../publish.ts'
import { runFiles } from '../record/schema.ts'
import { readRecord } from '../record/store.ts'
import { renderTable } from '../report/reporters/terminal.ts'
import { buildView } from '../report/view.ts'

/**
 * Decides again from a run's record, without asking anyone, and compares with the verdict that lies there.
 * @throws GateError when the two differ
 */
export async function decideAgain(folder: string, print: (text: string) => void): Promise<number> {
  const directory = await openRunDirectory(folder, { make: false })
  const record = await readRecord(directory)
  const decided = decideRecord(record)
  const text = formatVerdict(decided)
  const before = await directory.read(runFiles.verdict)
  print(
    renderTable(
      buildView({
        record: record.summary,
        estimates: decided.estimates,
        verdict: decided.verdict,
        prices: {},
      }),
    ),
  )
  if (before === null) {
    await directory.write(runFiles.verdict, [text])
    print(`\n${runFiles.verdict} was not there: written.`)
  } else if (before === `${text}\n`) {
    print(`\n${runFiles.verdict} is reproduced, byte for byte.`)
  } else {
    throw new GateError({
      code: 'record',
      message: 'the verdict that lies there does not follow from the record',
      where: { file: `${folder}/${runFiles.verdict}` },
      remedy:
        'the verdict or the record was changed, or another version of the gate wrote it (see `gateVersion` in record.json)',
    })
  }
  return chooseExitCode(decided.verdict)
}
