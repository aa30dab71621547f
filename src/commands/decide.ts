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
  // Compared before anything is shown: a verdict that does not follow is not to be read.
  if (before !== null && before !== `${text}\n`) throw describeDifference(folder)
  const { summary } = record
  print(renderTable(buildView({ ...decided, record: summary, prices: {} })))
  if (before === null) await directory.write(runFiles.verdict, [text])
  print(
    `\n${runFiles.verdict} ${before === null ? 'was not there: written.' : 'is reproduced, byte for byte.'}`,
  )
  return chooseExitCode(decided.verdict)
}

function describeDifference(folder: string): GateError {
  return new GateError({
    code: 'record',
    message: 'the verdict that lies there does not follow from the record',
    where: { file: `${folder}/${runFiles.verdict}` },
    remedy:
      'the verdict or the record was changed, or another version of the gate wrote it (see `gateVersion` in record.json)',
  })
}
