import { readTextFile } from '../adapters/files.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { chooseExitCode } from '../conclusion.ts'
import { decideRecord } from '../decide-record.ts'
import { GateError } from '../errors.ts'
import { estimateSlices } from '../estimate/slices.ts'
import type { RunDirectory } from '../ports.ts'
import { formatVerdict, writeReports } from '../publish.ts'
import { parseAudit } from '../record/audit.ts'
import { nameItem } from '../record/review.ts'
import { parseReviews } from '../record/review-file.ts'
import { type AuditLine, type RunRecord, runFiles } from '../record/schema.ts'
import { readRecord, writeAudits } from '../record/store.ts'
import { renderPredicate } from '../report/reporters/predicate.ts'
import { renderTable } from '../report/reporters/terminal.ts'
import { buildView } from '../report/view.ts'

/**
 * Decides again from a run's record, without asking anyone, and compares with the verdict and the predicate that lie
 * there. With an audit, or a filled in `review.csv`, what people said is then taken into the record, and verdict and
 * reports are written anew; the `review.csv` in the directory stays as it is, as people write into it.
 * @throws GateError when they differ, when what people said is not of this run, or comes in two files at once
 */
export async function decideAgain(request: {
  folder: string
  audit: string | null
  reviews: string | null
  print: (text: string) => void
}): Promise<number> {
  const { folder, audit, reviews, print } = request
  if (audit !== null && reviews !== null) {
    throw new GateError({
      code: 'usage',
      message: 'there are both --audit and --reviews',
      remedy: 'give them one after the other: what the first said stays in the record',
    })
  }
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
  const audits = await readSaid({ record, audit, reviews })
  await confirmVerdict({ directory, record, print: audits === null ? print : () => undefined })
  if (audits === null) return chooseExitCode(decideRecord(record).verdict)
  await writeAudits(directory, audits)
  const decided = { ...decideRecord({ ...record, audits }), prices: {} }
  print(renderTable(await writeReports(directory, decided, [runFiles.review])))
  print(`\n${countAudits(record, audits)} in the record now.`)
  return chooseExitCode(decided.verdict)
}

/** What people have said of the record's items by now; `null` where there is nothing new. */
async function readSaid(request: {
  record: RunRecord
  audit: string | null
  reviews: string | null
}): Promise<AuditLine[] | null> {
  const { record, audit, reviews } = request
  if (audit !== null) return parseAudit({ record, file: audit, text: await readTextFile(audit) })
  if (reviews === null) return null
  return parseReviews({ record, file: reviews, text: await readTextFile(reviews) })
}

function countAudits({ outcomes }: RunRecord, audits: readonly AuditLine[]): string {
  const labelled = new Set(
    outcomes.filter(({ label }) => label.kind === 'present').map((outcome) => nameItem(outcome)),
  )
  const flags = audits.filter((line) => labelled.has(nameItem(line))).length
  const others = audits.length - flags
  const beside = others === 0 ? '' : ` and ${others} ${others === 1 ? 'other item' : 'other items'}`
  return `${flags} audited ${flags === 1 ? 'flag' : 'flags'}${beside} ${audits.length === 1 ? 'is' : 'are'}`
}

async function confirmVerdict(request: {
  directory: RunDirectory
  record: RunRecord
  print: (text: string) => void
}): Promise<void> {
  const { directory, record, print } = request
  const decided = decideRecord(record)
  const view = buildView({
    ...decided,
    record: record.summary,
    prices: {},
    slices: estimateSlices(record),
  })
  const files = await Promise.all(
    [
      { file: runFiles.verdict, what: 'verdict', text: formatVerdict(decided) },
      { file: runFiles.predicate, what: 'predicate', text: renderPredicate(view) },
    ].map(async (entry) => ({ ...entry, before: await directory.read(entry.file) })),
  )
  // Compared before anything is shown: a verdict that does not follow is not to be read, nor one to be signed.
  for (const { file, what, text, before } of files) {
    if (before !== null && before !== `${text}\n`) {
      throw describeDifference({ file: `${directory.path}/${file}`, what })
    }
  }
  print(`${renderTable(view)}\n`)
  for (const { file, text, before } of files) {
    if (before === null) await directory.write(file, [text])
    print(`${file} ${before === null ? 'was not there: written.' : 'is reproduced, byte for byte.'}`)
  }
}

function describeDifference({ file, what }: { file: string; what: string }): GateError {
  return new GateError({
    code: 'record',
    message: `the ${what} that lies there does not follow from the record`,
    where: { file },
    remedy:
      'one of the two was changed, or another version of the gate wrote it (see `gateVersion` in record.json)',
  })
}
