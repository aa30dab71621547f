const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }
const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }

/** One row of each shape, as its source documents it. */
export const exampleRows: Record<string, unknown> = {
  conversation: { id: 'c-1', messages: [question, answer], metadata: { surface: 'chat' } },
  openai: {
    messages: [{ role: 'system', content: 's' }, question, answer],
    tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    parallel_tool_calls: false,
  },
  sharegpt: {
    id: 'QWJhYvA_0',
    conversations: [
      { from: 'human', value: 'q' },
      { from: 'gpt', value: 'a' },
    ],
  },
  wildchat: {
    conversation_hash: '4e1a4a5e',
    model: 'gpt-4-0314',
    timestamp: '2023-04-09 00:02:53+00:00',
    conversation: [
      {
        ...question,
        country: 'Germany',
        hashed_ip: 'hashed',
        header: { 'accept-language': 'de', 'user-agent': 'Mozilla' },
        language: 'English',
        redacted: true,
        state: null,
        timestamp: null,
        toxic: false,
        turn_identifier: 2001,
      },
      { ...answer, country: null, hashed_ip: null, header: null, turn_identifier: 2001 },
    ],
    turn: 1,
    language: 'English',
    openai_moderation: [],
    detoxify_moderation: [],
    toxic: false,
    redacted: true,
    country: 'Germany',
    hashed_ip: 'hashed',
  },
  'lmsys-chat': {
    conversation_id: '33f01939a744455c869cb234afca47f1',
    model: 'wizardlm-13b',
    conversation: [question, answer],
    turn: 1,
    language: 'English',
    openai_moderation: [],
    redacted: false,
  },
  langfuse: {
    id: 'obs-1',
    trace_id: 'trace-1',
    project_id: 'p',
    environment: 'production',
    type: 'GENERATION',
    parent_observation_id: 'obs-0',
    start_time: '2026-05-29 13:46:19.963000',
    end_time: '2026-05-29 13:46:21.000000',
    name: 'chat',
    metadata: { surface: 'phone' },
    level: 'DEFAULT',
    input: JSON.stringify([{ role: 'system', content: 's' }, question]),
    output: JSON.stringify(answer),
    provided_model_name: 'gpt-4o',
    session_id: 'session-1',
    tool_definitions: {},
  },
  langsmith: {
    id: '0b1c9a52-9f7a-4f0c-8f6e-1d2f3a4b5c6d',
    trace_id: '0b1c9a52-0000-4f0c-8f6e-1d2f3a4b5c6d',
    name: 'ChatOpenAI',
    run_type: 'llm',
    start_time: '2026-05-29T13:46:19.963000',
    inputs: { messages: [question], model: 'gpt-4o', tools: [{ type: 'function', function: { name: 'f' } }] },
    outputs: { choices: [{ index: 0, message: { ...answer, content: null, tool_calls: [call] } }] },
    extra: { metadata: { ls_model_name: 'gpt-4o', thread_id: 't-1' } },
  },
  'otel-genai': {
    resourceSpans: [
      {
        resource: { attributes: [] },
        scopeSpans: [
          {
            scope: {},
            spans: [
              {
                traceId: '5b8efff798038103d269b633813fc60c',
                spanId: 'eee19b7ec3c1b174',
                name: 'chat gpt-4o',
                startTimeUnixNano: '1780000000000000000',
                attributes: [
                  { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
                  { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o' } },
                  { key: 'gen_ai.conversation.id', value: { stringValue: 'conv-1' } },
                  {
                    key: 'gen_ai.input.messages',
                    value: {
                      stringValue: JSON.stringify([
                        { role: 'user', parts: [{ type: 'text', content: 'q' }] },
                      ]),
                    },
                  },
                  {
                    key: 'gen_ai.output.messages',
                    value: {
                      stringValue: JSON.stringify([
                        {
                          role: 'assistant',
                          parts: [{ type: 'text', content: 'a' }],
                          finish_reason: 'stop',
                        },
                      ]),
                    },
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
}
