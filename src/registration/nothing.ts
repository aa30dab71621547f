import type { LoadedRegistration } from './load.ts'

/** A registration that predicts nothing and tightens nothing, where a plan is made without one. */
export function registerNothing(candidate: string): LoadedRegistration {
  const registration = {
    version: 1 as const,
    candidate,
    round: 1,
    predictions: [],
    amendments: [],
    withdrawn: false,
  }
  return { file: '', text: '', from: 'standing', registration }
}
