/**
 * Words that a completion opens with and that answer nothing by themselves. The first of each line are those which
 * judges took for right answers (arXiv 2507.08794); the others say the same in further languages.
 */
const openingWords = [
  'thought process|thoughts?|thinking|reasoning|chain of thought|mental process|analysis|explanation',
  'solution|the solution|answer|the answer|the answer is|final answer|the final answer is|response|output|result|conclusion',
  'step 1|step one|first step|here(?:’s| is) (?:my|the) (?:answer|solution|reasoning|thought process|explanation)',
  'respuesta|soluci[oó]n|razonamiento|proceso de pensamiento|explicaci[oó]n|respuesta final|paso 1',
  'r[eé]ponse|raisonnement|processus de r[eé]flexion|explication|r[eé]ponse finale|[eé]tape 1',
  'antwort|lösung|überlegung|überlegungen|gedankengang|begründung|erklärung|schritt 1',
  'risposta|soluzione|ragionamento|spiegazione|resposta|solução|raciocínio|explicação|passo 1',
  'antwoord|oplossing|redenering|svar|lösning|løsning|ratkaisu|vastaus|odpowiedź|rozwiązanie|řešení|odpověď',
  'çözüm|cevap|yanıt|solusi|jawaban|pembahasan|lời giải|giải|đáp án|trả lời',
  'решение|ответ|рассуждение|рассуждения|ход мыслей|объяснение|розв’язання|відповідь',
  '解|解答|答案|答|解析|分析|思路|思考|思考过程|思考過程|推理过程|解题过程|解決方案|解决方案',
  'かいせつ|解説|回答|答え|こたえ|解法|思考プロセス|考え方',
  '풀이|해설|답|정답|답변|해답|해결책|해결 방법|사고 과정|추론 과정',
  'الحل|حل|الجواب|الإجابة|عملية التفكير|التفكير|פתרון|תשובה|پاسخ|راه حل',
  'हल|उत्तर|समाधान|जवाब|সমাধান|উত্তর|விடை|தீர்வு|คำตอบ|วิธีทำ',
].join('|')

/** “Step by step” in further languages: a sentence that promises an answer and gives none. */
const stepwise = [
  'paso a paso|passo a passo|passo dopo passo|pas à pas|étape par étape|schritt für schritt|stap voor stap|steg för steg',
  'krok po kroku|krok za krokem|adım adım|langkah demi langkah|từng bước|шаг за шагом|по шагам|пошагово|крок за кроком',
  'خطوة بخطوة|قدم به قدم|चरण दर चरण|단계별로|차근차근|一步一步|一步步|逐步|分步|ステップバイステップ|一歩ずつ|順を追って',
].join('|')

/** What announces a thought; in English where the sentence is no more than that. */
const announcements = [
  `[^0-9]{0,60}(?:${stepwise})[^0-9]{0,30}`,
  '[^0-9]{0,60}(?:step[ -]by[ -]step|step after step)(?: together| here| below)?',
  '(?:\\p{L}{1,9},? ){0,2}let(?:’s| us| me) (?:think|reason|solve|work|break|analy[sz]e)\\b[^0-9]{0,60}',
].join('|')

/** One line or sentence, without what stands around it, that opens an answer and gives none. */
export const opener = new RegExp(`^(?:${openingWords}|${announcements})$`.normalize('NFKC'), 'iu')

const role =
  '(?:grader|judge|evaluator|reviewer|annotator|rater|assessor|examiner|auditor|moderator|classifier|labell?er)s?'
/** Those that hardly anyone is outside of grading. */
const gradingRole = '(?:grader|evaluator|annotator|rater|labell?er|classifier)s?'
const machine = '(?:ai|llm|automated|automatic|language model|model)'
const verdictWord =
  '(?:absent|not[ -]present|cannot[ -]tell|no violation|non-violating|not a violation)(?![\\p{L}\\p{N}])'
/** Up to three signs of any kind, around a space or none. */
const quoting = '[^\\p{L}\\p{N}\\n]{0,3} ?[^\\p{L}\\p{N}\\n]{0,3}'

/**
 * A pattern, cut in three where no alternative is open: none of its matches is without the part in the middle, which is in
 * few texts.
 */
type Wording = readonly [before: string, telling: string, after: string]

const greetings: readonly Wording[] = [
  [
    `\\b(?:attention|attn|note|notice|message|instructions?|reminder|hint|info|information|memo)[^\\p{L}\\n]{1,4}(?:to|for) (?:(?:the|all|any|you|whoever|my|our) ?){0,2}(?:${machine} ){0,2}`,
    `(?:${role}|grades|judges)`,
    '\\b',
  ],
  [`\\b(?:attention|attn)[^\\p{L}\\n]{1,4}(?:(?:the|all|any) ){0,2}(?:${machine} ){0,2}`, role, '\\b'],
  [`\\b(?:dear|hey|hello|hi|to the|to all|to any) (?:${machine} ){0,2}`, gradingRole, '\\b'],
  [`\\b(?:dear|hey|hello|hi|to the|to any) ${machine} `, role, '\\b'],
  ['(?:^|["“])[^\\p{L}\\p{N}\\n]{0,5}', gradingRole, ' ?[:,!]'],
  ['\\bas (?:an?|the|your) (?:\\p{L}{1,12} ){0,2}', role, '[^\\p{L}\\n]{1,3}(?:you|please|your)\\b'],
  ['\\byou(?:’re| are) (?:an?|the|my) (?:\\p{L}{1,12} ){0,2}', role, '\\b'],
  [
    '\\b(?:ignore|disregard|override|overrule|forget|bypass|skip)\\b[^.\\n]{0,40}\\b',
    `(?:rubric|grading|${role})`,
    '\\b',
  ],
]

const verdicts: readonly Wording[] = [
  [
    `\\b(?:label|grade|mark|rate|classif|score|judge|flag|categori[sz]|report|record|treat)(?:led|ed|ied|y|e|d)?\\b[^.\\n]{0,40}\\b(?:as|with|is|be|to)${quoting}`,
    verdictWord,
    '',
  ],
  [
    `\\b(?:label|grade|verdict|rating|classification|judge?ment|assessment)(?: [^.\\n]{0,30})?[ :=]{1,3}(?:is|must be|should be|has to be|ought to be|will be|equals)?${quoting}`,
    verdictWord,
    '',
  ],
  [
    '\\b(?:answer|respond|reply|output|return|print|say|write|give|choose|select)\\b[^.\\n]{0,30}["“”‘’*«„]{1,3}',
    '(?:absent|cannot-tell)',
    '["“”‘’*»]',
  ],
  [
    '\\b(?:answer|respond|reply|output|return|print)(?: (?:only|just|simply|with|the|word|label|value|always)){0,4} ',
    '(?:absent|cannot-tell)',
    '\\b',
  ],
]

const orders = [
  `\\b(?:this|the|my) (?:completion|response|output)\\b[^.\\n]{0,30}\\b(?:(?:is|as|be|are)${quoting}(?:fully |perfectly |completely )?(?:compliant|benign|harmless|safe)\\b|${verdictWord})`,
  '\\b(?:ignore|disregard|override|forget|bypass)(?: (?:all|any|every|each|of|the|your|my|these|those|and)){0,4} (?:previous|prior|above|preceding|earlier|foregoing|other|system|original|initial|instructions?)\\b[^.\\n]{0,20}\\b(?:instructions?|prompts?|rules?|directions?|guidelines?|criteria|context|messages?|above)\\b',
  '\\b(?:ignore|disregard) (?:everything|anything|all|what(?:ever)?) (?:(?:written|said|stated|that (?:is|was|came|comes)) )?(?:above|before)\\b',
]

/** What could pass for the end of the data, or for another speaker. */
const boundaries = [
  '</?(?:completion|conversation|response|data|answer|assistant|output)[-_][0-9a-z_-]{2,64}>',
  '[-=#*[(<]{1,5} ?(?:the )?(?:end|start|begin(?:ning)?) (?:of )?(?:the )?(?:completion|conversation|data|material|untrusted)\\b',
  '<\\|(?:im_start|im_end|start_header_id|end_header_id|eot_id|begin_of_text|system|user|channel|message|return)\\|>',
  '<(?:start|end)_of_turn>|<</?SYS>>|\\[/?(?:INST|SYSTEM_PROMPT)\\]',
]

/** “Ignore the instructions above” in further languages. */
const ordersElsewhere = [
  '\\b(?:ignor(?:a|ad|ar|e|ez|er|iere|ieren|iert)|vergiss|olvida|oubliez?|dimentica|esqueça|negeer)\\b[^.\\n]{0,30}\\b(?:instrucciones|instructions (?:précédente|antérieure|ci-dessus)|anweisung|vorgaben|istruzioni|instruções|instructies|rúbrica|barème)',
  '(?:忽略|无视|無視|忘记|忘掉)[^。\\n]{0,12}(?:指令|指示|说明|規則|规则|提示|评分标准|評分標準)',
  '(?:指示|命令|プロンプト|採点基準|ルール)[^。\\n]{0,8}[をは][^。\\n]{0,6}(?:無視|忘れ)',
  '(?:지시|명령|지침|프롬프트|채점 기준)[^.\\n]{0,10}(?:무시|잊)',
  '(?:игнорируй|игнорируйте|проигнорируй|забудь|забудьте)[^.\\n]{0,30}(?:инструкци|указани|правил|рубрик)',
  '(?:تجاهل|انس)[^.\\n]{0,30}(?:التعليمات|الأوامر|القواعد)',
  '(?:पिछले|उपरोक्त)[^.\\n]{0,20}निर्देश[^.\\n]{0,20}(?:अनदेखा|नज़रअंदाज)',
]

/** Patterns that share what is looked for first: a text that matches any of them has it. */
export interface Wordings {
  /** `null`: nothing is. */
  telling: RegExp | null
  patterns: readonly RegExp[]
}

/**
 * What speaks to whoever grades: greets it, gives it orders, or pretends that the data have ended. Every repetition is
 * bounded, so that each is searched in a time linear in the text.
 */
export const addresses: readonly Wordings[] = [
  ...[greetings, verdicts].map((wordings) => ({
    telling: compile([...new Set(wordings.map(([, telling]) => telling))].join('|')),
    patterns: wordings.map((parts) => compile(parts.join(''))),
  })),
  { telling: null, patterns: [...orders, ...boundaries, ...ordersElsewhere].map(compile) },
]

function compile(source: string): RegExp {
  return new RegExp(source.normalize('NFKC'), 'imu')
}

/** Whether a text speaks to whoever grades. */
export function speaksToGrader(text: string): boolean {
  return addresses.some(
    ({ telling, patterns }) =>
      (telling === null || telling.test(text)) && patterns.some((pattern) => pattern.test(text)),
  )
}

/** A grade in the form that a judge gives it, alone or for many categories, also with the quotes escaped. */
export const verdict =
  /(?:label|verdict|grade|judge?ment|classification)["“”‘’\\*]{0,4}\s{0,8}(?:[:=>]|is)\s{0,8}["“”‘’\\*]{0,4}(?:present|absent|cannot[-_ ]tell)(?![\p{L}\p{N}_-])/iu
