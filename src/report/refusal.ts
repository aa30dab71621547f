import type { Refusal } from '../history/settle.ts'
import { nameRun, sayTime } from './attempts.ts'
import { countThings } from './format.ts'
import { say, type Text, verbatim } from './text.ts'

/** What was refused: to measure a candidate with the registration that there is for it. */
export interface Refused {
  refusal: Refusal
  candidate: string
  /** The file of the registration. */
  file: string
}

type Lock = Extract<Refusal, { reason: 'registration' }>['lock']

const longestWhy = 400

/** Why nothing was measured, in plain words. */
export function sayRefusal({ refusal, candidate, file }: Refused): Text {
  const whose = say`of ${verbatim(candidate)}`
  switch (refusal.reason) {
    case 'withdrawn':
      return say`the registration ${whose} is withdrawn (${verbatim(file)}), so that nobody stands for its predictions. Nothing was measured.`
    case 'registration':
      return say`the registration ${whose} ${sayLock(refusal.lock)} Nothing was measured.`
    case 'round': {
      const { registered, wanted } = refusal
      const earlier =
        wanted === 1 ? 'no earlier sample' : countThings(wanted - 1, 'earlier sample', 'earlier samples')
      return say`${verbatim(candidate)} was measured on ${earlier} of turns, so that this is round ${wanted}; its registration says round ${registered}. Nothing was measured.`
    }
    case 'failed-before':
      return say`${verbatim(candidate)} failed in ${nameRun(refusal.attempt.run)}, and this version of the gate can't decide that record again. The FAIL stands, and nothing was measured.`
  }
}

function sayLock({ cause, since }: Lock): Text {
  const first = say`first run of ${sayTime(since)}`
  switch (cause) {
    case 'late':
      return say`came after the candidate's ${first}, so that it could be written to fit the results.`
    case 'edited':
      return say`is not the one that the candidate was measured with (${first}), so that it could be made to fit the results.`
    case 'moved':
      return say`was there at the candidate's ${first}, was pushed away since, and came back.`
    case 'unreadable':
      return say`can't be compared with the one at the candidate's ${first}, which can't be read any more.`
  }
}

/** What happened when, where that says more, and what to do. */
export function listRefusalSteps({ refusal, candidate, file }: Refused): Text[] {
  switch (refusal.reason) {
    case 'withdrawn':
      return [
        say`What to do: leave the checkpoint as it is, or take ${verbatim('withdrawn')} out of ${verbatim(file)}, on the base.`,
      ]
    case 'registration':
      return [...sayPushes(refusal.lock), sayAmendment(refusal.lock, file), sayNewCandidate()]
    case 'round':
      return [
        refusal.wanted === 1
          ? say`What to do: leave ${verbatim('round')} out of ${verbatim(file)}. A later round is tested at a smaller α, at which less is found.`
          : say`What to do: write ${verbatim(`round: ${refusal.wanted}`)} into ${verbatim(file)}, with an amendment, and merge that to the base by itself, first. A later round is tested at a smaller α.`,
      ]
    case 'failed-before':
      return [
        say`It began at ${sayTime(refusal.attempt.startedAt)}. What to do: judge ${verbatim(candidate)} with the version of the gate that measured it.`,
        sayNewCandidate(),
      ]
  }
}

// The other causes say no more than the headline does.
function sayPushes({ cause, why }: Lock): Text[] {
  return cause === 'moved' ? [say`What happened, by GitHub's times: ${verbatim(why, longestWhy)}.`] : []
}

function sayAmendment({ cause }: Lock, file: string): Text {
  const keep = `${cause === 'edited' ? ', or keep' : 'keep'} it and say why`
  const back = cause === 'edited' ? say`put ${verbatim(file)} back as it was` : []
  return say`What to do: ${back}${keep} in an amendment of ${verbatim(file)}, with its number, date and reason, merged to the base by itself, first. Every verdict then shows it.`
}

function sayNewCandidate(): Text {
  return say`Or register a mended checkpoint, under an id of its own.`
}
