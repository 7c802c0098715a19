// The Vercel AI SDK: `node vercel_chat.mjs openai|responses|anthropic BASE_URL KEY QUESTION WEATHER_QUESTION`.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [house, baseURL, apiKey, question, weather] = process.argv.slice(2);

function made() {
  if (house === "anthropic") return createAnthropic({ baseURL: `${baseURL}/v1`, apiKey })("claude-sonnet-4-5");
  const openai = createOpenAI({ baseURL: `${baseURL}/v1`, apiKey });
  return house === "responses" ? openai.responses("gpt-4o") : openai.chat("gpt-4o");
}

const model = made();
// What OpenAI holds (`store`) only OpenAI can be reminded of; a gateway may ask anybody.
const given = { model, maxRetries: 0, providerOptions: { openai: { store: false } } };
const whole = await generateText({ ...given, prompt: question });

let streamed = "";
for await (const words of streamText({ ...given, prompt: question }).textStream) streamed += words;

const getWeather = tool({
  description: "The weather in a city.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `21 degrees in ${city}`,
});
const tools = { get_weather: getWeather };
const tooled = await generateText({ ...given, prompt: weather, tools, stopWhen: stepCountIs(3) });

let steps = "";
const live = streamText({ ...given, prompt: `${weather}\nAgain.`, tools, stopWhen: stepCountIs(3) });
for await (const words of live.textStream) steps += words;

const schema = z.object({ name: z.string(), country: z.string() });
const city = await generateObject({ ...given, schema, prompt: "Name a city." });

console.log(
  JSON.stringify({
    whole: whole.text,
    streamed,
    usage: whole.usage.totalTokens,
    tool: tooled.text,
    tool_streamed: steps,
    structured: Object.values(city.object).map((value) => typeof value),
  }),
);
