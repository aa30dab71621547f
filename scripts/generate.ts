// Writes what is generated from the sources and committed: the JSON Schemas and the tables of the docs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { conversationSchema } from '../src/corpus/conversation.ts'
import { manifestSchema } from '../src/corpus/manifest.ts'
import { graderConfigSchema } from '../src/grade/graders/index.ts'
import { labelledItemSchema } from '../src/grade/labelled-set.ts'
import { diagnosisSchema } from '../src/history/diagnosis.ts'
import { calibrationRecordSchema, calibrationSchema } from '../src/policy/calibration.ts'
import { ratePattern, rateSchema } from '../src/policy/rate.ts'
import { realismResultSchema } from '../src/policy/realism-result.ts'
import { createPolicySchema } from '../src/policy/schema.ts'
import { realismPairSchema } from '../src/realism/pair.ts'
import { registrationSchema } from '../src/registration/schema.ts'
import { predicateSchema } from '../src/report/predicate.ts'
import { verdictSchema } from '../src/verdict/schema.ts'
import { generateDocs } from './generate-docs.ts'

const root = resolve(import.meta.dirname, '..')

interface Published {
  path: string
  title: string
  description: string
  schema: z.ZodType
}

function listSchemas(): Published[] {
  return [
    {
      path: 'schema/policy.schema.json',
      title: 'Checkpoint Gate policy',
      description: 'What is measured and what may ship. Read from the base branch.',
      schema: createPolicySchema(graderConfigSchema),
    },
    {
      path: 'schema/registration.schema.json',
      title: 'Checkpoint Gate registration',
      description: 'What is predicted of one candidate, written and committed before its run.',
      schema: registrationSchema,
    },
    {
      path: 'schema/diagnosis.schema.json',
      title: 'Checkpoint Gate diagnosis',
      description: 'By which people answer for a FAIL. Read from the base branch.',
      schema: diagnosisSchema,
    },
    {
      path: 'schema/calibration.schema.json',
      title: 'Checkpoint Gate calibration',
      description:
        "How often a category's graders flag turns whose truth is known. Read from the base branch.",
      schema: calibrationSchema,
    },
    {
      path: 'schema/calibration-record.schema.json',
      title: 'Checkpoint Gate calibration record',
      description:
        "What `checkpoint-gate calibrate` writes: how often the policy's graders err on labelled sets, bound to these very graders.",
      schema: calibrationRecordSchema,
    },
    {
      path: 'schema/labelled-item.schema.json',
      title: 'Checkpoint Gate labelled item',
      description: 'One line of a labelled set: a completion, what came before it, and what it is.',
      schema: labelledItemSchema,
    },
    {
      path: 'schema/manifest.schema.json',
      title: 'Checkpoint Gate corpus manifest',
      description: 'What a corpus consists of. It goes into git; the conversations do not.',
      schema: manifestSchema,
    },
    {
      path: 'schema/conversation.schema.json',
      title: 'Checkpoint Gate conversation',
      description: 'One line of a corpus file: a logged conversation.',
      schema: conversationSchema,
    },
    {
      path: 'schema/verdict.schema.json',
      title: 'Checkpoint Gate verdict',
      description: 'verdict.json: what follows from record and plan. Rates are events per 100,000 turns.',
      schema: verdictSchema,
    },
    {
      path: 'schema/predicate.schema.json',
      title: 'Checkpoint Gate predicate',
      description:
        'predicate.json: the result of a run as an in-toto test-result predicate (v0.1), to be signed for a checkpoint.',
      schema: predicateSchema,
    },
    {
      path: 'schema/realism.schema.json',
      title: 'Checkpoint Gate realism',
      description:
        'What `checkpoint-gate realism` writes: how distinguishable simulated rollouts are from those of production.',
      schema: realismResultSchema,
    },
    {
      path: 'schema/realism-pair.schema.json',
      title: 'Checkpoint Gate realism pair',
      description: 'One line of what `checkpoint-gate realism` reads: two rollouts on the same prefix.',
      schema: realismPairSchema,
    },
  ]
}

/** The JSON Schemas (draft 2020-12) of the files that users write or read, by their path in the repository. */
export function generateFiles(): Record<string, string> {
  return Object.fromEntries(
    listSchemas().map(({ path, title, description, schema }) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, {
        target: 'draft-2020-12',
        io: 'input',
        override: ({ zodSchema, jsonSchema }) => {
          if (isRate(zodSchema)) describeRate(jsonSchema)
        },
      })
      return [path, `${JSON.stringify({ $schema, title, description, ...rest }, null, 2)}\n`]
    }),
  )
}

// A schema with another description is a copy of its parent.
function isRate(schema: z.core.$ZodType): boolean {
  return schema === rateSchema || schema._zod.parent === rateSchema
}

// The parser takes a number only to refuse it with a hint; an editor should refuse it at once.
function describeRate(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  delete jsonSchema.anyOf
  jsonSchema.type = 'string'
  jsonSchema.pattern = ratePattern.source
}

function writeAll(): void {
  for (const [path, text] of Object.entries({ ...generateFiles(), ...generateDocs() })) {
    mkdirSync(dirname(resolve(root, path)), { recursive: true })
    writeFileSync(resolve(root, path), text)
    console.log(path)
  }
}

if (import.meta.main) writeAll()
