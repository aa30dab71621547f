import { readTextFile } from '../adapters/files.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { chooseExitCode } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { estimateSlices } from '../estimate/slices.ts'
import { decideRecord } from '../gate.ts'
import type { RunDirectory } from '../ports.ts'
import { formatVerdict, writeReports } from '../publish.ts'
import { parseAudit } from '../record/audit.ts'
import { type RunRecord, runFiles } from '../record/schema.ts'
import { readRecord, writeAudits } from '../record/store.ts'
import { renderTable } from '../report/reporters/terminal.ts'
import { buildView } from '../report/view.ts'

/**
 * Decides again from a run's record, without asking anyone, and compares with the verdict that lies there. With an
 * audit, what people said of the flags is taken into the record first, and verdict and reports are written anew.
 * @throws GateError when the two differ, or when the audit is not of this run
 */
export async function decideAgain(request: {
  folder: string
  audit: string | null
  reviews: string | null
  print: (text: string) => void
}): Promise<number> {
  const { folder, audit, print } = request
  const directory = await openRunDirectory(folder, { make: false })
  const record = await readRecord(directory)
  if (record.summary.plan.baseline === record.summary.plan.candidate) {
    throw new GateError({
      code: 'record',
      message:
        'this is a run of the baseline against itself: no candidate was measured, and nothing can be decided',
      where: { file: directory.path },
      remedy: 'name the directory of a run of `gate`',
    })
  }
  await confirmVerdict({ directory, record, print: audit === null ? print : () => undefined })
  if (audit === null) return chooseExitCode(decideRecord(record).verdict)
  const audited = { ...record, audits: parseAudit({ record, file: audit, text: await readTextFile(audit) }) }
  await writeAudits(directory, audited.audits)
  const decided = { ...decideRecord(audited), prices: {} }
  print(renderTable(await writeReports(directory, decided)))
  const verdicts = audited.audits.length
  print(`\n${verdicts} audited ${verdicts === 1 ? 'flag is' : 'flags are'} in the record now.`)
  return chooseExitCode(decided.verdict)
}

async function confirmVerdict(request: {
  directory: RunDirectory
  record: RunRecord
  print: (text: string) => void
}): Promise<void> {
  const { directory, record, print } = request
  const decided = decideRecord(record)
  const text = formatVerdict(decided)
  const before = await directory.read(runFiles.verdict)
  // Compared before anything is shown: a verdict that does not follow is not to be read.
  if (before !== null && before !== `${text}\n`) throw describeDifference(directory.path)
  print(
    renderTable(
      buildView({ ...decided, record: record.summary, prices: {}, slices: estimateSlices(record) }),
    ),
  )
  if (before === null) await directory.write(runFiles.verdict, [text])
  print(
    `\n${runFiles.verdict} ${before === null ? 'was not there: written.' : 'is reproduced, byte for byte.'}`,
  )
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
