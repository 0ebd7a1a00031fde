/**
 * A program: has one contender do what it is told, line by line on its standard input, until that ends.
 * Each line is answered by one: `fill N` and `add` by `ok`, `done` by `yes` or `no`, `pull` by `ok`; after that
 * one there are lines with the number of jobs that were handed out: at once, and again when it has grown.
 *
 * @module
 */

import { importContender } from "../postgres/contenders.ts";

/** Milliseconds between two lines of what was handed out. */
const PAUSE = 1;

const [name = "", url = ""] = Deno.args;
const contender = await (await importContender(name))(url);
await using cleanUp = new AsyncDisposableStack();
cleanUp.use(contender);
console.log("ok");

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) console.log(await answer(line));
}
await cleanUp.disposeAsync();
// The clients of some keep their process alive.
Deno.exit();

async function answer(line: string): Promise<string> {
  const [word, number] = line.split(" ");
  if (word === "fill") await contender.fill(Number(number));
  else if (word === "add") await contender.add();
  else if (word === "pull") await pull();
  else if (word === "done") return await contender.isDone() ? "yes" : "no";
  else throw new Error(`Not understood: ${line}`);
  return "ok";
}

async function pull(): Promise<void> {
  let [handled, printed] = [0, 0];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const print = () => {
    timer = null;
    if (handled === printed) return;
    console.log(printed = handled);
    timer = setTimeout(print, PAUSE);
  };
  const puller = await contender.pull((jobs) => {
    handled += jobs;
    if (timer === null) print();
  });
  cleanUp.defer(async () => {
    if (timer !== null) clearTimeout(timer);
    await puller[Symbol.asyncDispose]();
  });
}
