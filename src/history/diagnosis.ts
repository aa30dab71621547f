import { z } from 'zod'
import { GateError } from '../errors.ts'
import { parseSource, type SourceText, strictObject } from '../policy/document.ts'
import type { Acceptance } from '../record/history.ts'
import { peekCandidate } from '../registration/load.ts'

const line = z.string().trim().min(1).max(2000)

/** What people write after a FAIL, to answer for it. */
export const diagnosisSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  candidate: z.string().min(1).meta({ description: 'The id of the checkpoint that failed.' }),
  failed_runs: z
    .array(
      // `101.10` is the number 101.1 to YAML.
      z.union([z.int().min(1), z.string().regex(/^\d{1,20}(\.\d{1,2})?$/)], {
        error: "a run is named by its number, and its later attempts in quotes: '101.2'",
      }),
    )
    .min(1, 'name the run that failed')
    .meta({
      description:
        "The workflow runs whose FAIL this answers for, as reports name them: 101, '101.2'. All of them.",
    }),
  cause: line.meta({ description: 'Why it failed.' }),
  evidence: z.array(line).min(1, 'say what shows it').meta({ description: 'What shows it, an entry each.' }),
  mitigation: line.meta({ description: 'What is done about it.' }),
  approver: z
    .string()
    .trim()
    .regex(
      /^[\p{L}\p{N}@][\p{L}\p{N} .,'’@/()_-]{0,99}$/u,
      'a name is letters, digits and " .,\'@/()_-", 100 at most',
    )
    .meta({ description: 'Who accepts it.' }),
  next_registration: line.meta({ description: 'What changes in the next registration.' }),
}).transform(({ failed_runs, next_registration, ...rest }) => ({
  ...rest,
  failedRuns: failed_runs.map(String),
  nextRegistration: next_registration,
}))
/** Who answers for a FAIL, and how. */
export type Diagnosis = z.infer<typeof diagnosisSchema>

/** A diagnosis and the file that it came from. */
export interface LoadedDiagnosis {
  file: string
  diagnosis: Diagnosis
}

/**
 * Finds the one diagnosis of a candidate among the files of the diagnoses' folder; `null` where there is none.
 * @throws GateError when there are two, or when it can't be read
 */
export function findDiagnosis(files: readonly SourceText[], candidate: string): LoadedDiagnosis | null {
  const [match, second] = files.filter((file) => peekCandidate(file) === candidate)
  if (match === undefined) return null
  if (second !== undefined) {
    throw new GateError({
      code: 'diagnosis',
      message: `two diagnoses are of "${candidate}": ${match.file} and ${second.file}`,
      where: { file: second.file, field: 'candidate' },
      remedy: 'keep one of them',
    })
  }
  return { file: match.file, diagnosis: parseSource(match, diagnosisSchema, 'diagnosis') }
}

/**
 * The acceptance of a candidate's FAILs; `null` where the diagnosis leaves one of them out. One that is not on the base yet is accepted
 * by who approved it there, whatever name stands in it.
 */
export function acceptFailure(
  loaded: LoadedDiagnosis | null,
  runs: readonly string[],
  reviewer: string | null = null,
): Acceptance | null {
  if (loaded === null || runs.some((run) => !loaded.diagnosis.failedRuns.includes(run))) return null
  const { approver, cause, mitigation } = loaded.diagnosis
  return { by: reviewer === null ? approver : `@${reviewer}`, file: loaded.file, cause, mitigation }
}
