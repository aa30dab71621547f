import type { GraderKind } from '../../grader.ts'
import { createScoreGrader } from '../score-grader.ts'
import { compareScores, readTei, readVllm } from './answer.ts'
import { type ClassifierConfig, classifierConfigSchema } from './config.ts'

/** Labels by a model that gives each label a score: behind vLLM's `/classify`, or `/predict` of TEI. */
export const classifier: GraderKind = {
  kind: 'classifier',
  configSchema: classifierConfigSchema,
  summary: 'a classification model behind vLLM or text-embeddings-inference, with a threshold for each label',
  listRubrics: () => [],
  listEndpoints: (config) => [classifierConfigSchema.parse(config).endpoint],
  create(config, context) {
    const settings = classifierConfigSchema.parse(config)
    const { endpoint, model } = settings
    return createScoreGrader({ kind: 'classifier', endpoint, model, context, ...describeApi(settings) })
  },
}

function describeApi({ api, model, labels, classes }: ClassifierConfig) {
  switch (api) {
    case 'vllm':
      return {
        path: '/classify',
        writeBody: (input: string) => ({ model, input }),
        readAnswer: (body: unknown) => compareScores(readVllm(body, classes ?? []), labels),
      }
    case 'tei':
      return {
        path: '/predict',
        // Said aloud, as a server may be set to cut: what it does not read it must not clear.
        writeBody: (inputs: string) => ({ inputs, truncate: false }),
        readAnswer: (body: unknown) => compareScores(readTei(body), labels),
      }
  }
}
