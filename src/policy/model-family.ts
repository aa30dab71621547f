/** Who made a model, as far as its id says: a judge of a checkpoint's family may share its blind spots. */
export type ModelFamily =
  | 'OpenAI'
  | 'Anthropic'
  | 'Google'
  | 'Meta'
  | 'Qwen'
  | 'Mistral'
  | 'DeepSeek'
  | 'Microsoft'
  | 'xAI'
  | 'Cohere'
  | 'Amazon'
  | 'Zhipu'
  | 'Moonshot'

/** What a family's names begin with; `inside` also stands later in the name of what others made of its models. */
interface Names {
  family: ModelFamily
  begins: RegExp
  inside: RegExp | null
}

const families: readonly Names[] = [
  {
    family: 'OpenAI',
    begins:
      /^(?:gpt(?=[-_]?\d|[-_]oss|$)|chatgpt|o[1-9](?=$|[-_.])|codex|davinci|babbage|curie|ada(?=$|-)|(?:text|code)-(?:davinci|curie|babbage|ada)|computer-use|(?:omni|text)-moderation)/,
    inside: /[-_.]gpt-?(?:[345]|oss)/,
  },
  { family: 'Anthropic', begins: /^claude/, inside: /[-_.]claude/ },
  {
    family: 'Google',
    begins: /^(?:gemini|(?:code|med|shield)?-?gemma|(?:med-?)?palm|(?:text-|chat-|code-)?bison|learnlm)/,
    inside: /[-_.](?:gemini|gemma)/,
  },
  { family: 'Meta', begins: /^(?:meta-?|code-?|tiny-?)?llama|^opt-\d/, inside: /[-_.](?:meta-?|tiny)?llama/ },
  { family: 'Qwen', begins: /^(?:qwen|qwq|qvq|tongyi)/, inside: /[-_.](?:qwen|qwq)/ },
  {
    family: 'Mistral',
    begins: /^(?:open-)?(?:mistral|mixtral|ministral|codestral|pixtral|magistral|devstral|voxtral|mathstral)/,
    inside: /[-_.](?:mistral|mixtral|ministral|codestral)/,
  },
  { family: 'DeepSeek', begins: /^deepseek/, inside: /[-_.]deepseek/ },
  {
    family: 'Microsoft',
    begins: /^(?:phi(?=[-_.\d]|$)|orca(?=[-_.\d]|$)|wizardlm|mai-(?:1|ds))/,
    inside: /[-_.]phi-?\d/,
  },
  { family: 'xAI', begins: /^grok(?=[-_.\d]|$)/, inside: /[-_.]grok-?\d/ },
  {
    family: 'Cohere',
    begins: /^(?:command(?=[-_.\d]|$)|c4ai|aya(?=[-_.\d]|$))/,
    inside: /[-_.]command-(?:r|a)(?=$|[-_.\d])/,
  },
  { family: 'Amazon', begins: /^(?:amazon-)?(?:nova(?=[-_.\d]|$)|titan(?=[-_.\d]|$))/, inside: null },
  { family: 'Zhipu', begins: /^(?:(?:chat)?glm|cogvlm|codegeex)/, inside: /[-_.](?:chat)?glm-?\d/ },
  { family: 'Moonshot', begins: /^(?:kimi|moonshot|moonlight)/, inside: /[-_.]kimi/ },
]

/** Longer ones name nothing. */
const longestId = 300
/** What stands before a name and is none, though it looks like one. */
const prefixes: ReadonlySet<string> = new Set([
  '',
  'ft',
  'ollama',
  'mistralai',
  'meta-llama',
  'moonshotai',
  'qwen',
])

/**
 * The family of a model id; `null` where the id does not tell. Makers, routers and folders before the name
 * (`openai/gpt-4o`, `us.anthropic.claude-…`, `accounts/fireworks/models/llama-v3p1-8b`), fine-tunes of a base
 * (`ft:gpt-4o:acme`, `acme-llama-3-sft`) and versions behind it (`:free`, `-v1:0`) are looked through. The maker alone
 * says nothing: `openai/` also stands before what is only served in its format. Of what was distilled from another
 * family the name's beginning counts.
 */
export function findFamily(id: string): ModelFamily | null {
  const parts = id
    .toLowerCase()
    .slice(0, longestId)
    .split(/[/:@]|(?<=[a-z])\.(?=[a-z])/)
  const named = parts.filter((part) => !prefixes.has(part))
  // The last part is the nearest to a name, but behind a fine-tune's base stands what its owner calls it.
  const ordered = parts[0] === 'ft' ? named : named.toReversed()
  return (
    findFirst(ordered, (part, { begins }) => begins.test(part)) ??
    findFirst(ordered, (part, { inside }) => inside?.test(part) === true) ??
    // `qwen/…` and the like name their own models only.
    findFirst(parts, (part, { begins }) => prefixes.has(part) && begins.test(part))
  )
}

function findFirst(
  parts: readonly string[],
  matches: (part: string, names: Names) => boolean,
): ModelFamily | null {
  for (const part of parts) {
    const found = families.find((names) => matches(part, names))
    if (found !== undefined) return found.family
  }
  return null
}

/** A judge of the same family as a checkpoint that it judges. */
export interface SharedFamily {
  family: ModelFamily
  /** The judge's id, as it was asked for or as it answered. */
  judge: string
  /** That of the checkpoint. */
  checkpoint: string
}

/** The judges of the checkpoints' families, the first of each family. */
export function findSharedFamilies(models: {
  judges: readonly string[]
  checkpoints: readonly string[]
}): SharedFamily[] {
  const shared = new Map<ModelFamily, SharedFamily>()
  for (const judge of models.judges) {
    const family = findFamily(judge)
    if (family === null || shared.has(family)) continue
    const checkpoint = models.checkpoints.find((id) => findFamily(id) === family)
    if (checkpoint !== undefined) shared.set(family, { family, judge, checkpoint })
  }
  return [...shared.values()]
}

/** The models that judge in categories, each once. */
export function listJudges(
  categories: readonly { graders: readonly { kind: string; [key: string]: unknown }[] }[],
): string[] {
  const models = categories.flatMap(({ graders }) =>
    graders.flatMap(({ kind, model }) => (kind === 'judge' && typeof model === 'string' ? [model] : [])),
  )
  return [...new Set(models)].filter((model) => model !== '')
}
