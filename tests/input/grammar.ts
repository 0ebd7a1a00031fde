/**
 * Command lines made out of the program's own table of commands, so that no command is forgotten.
 *
 * @module
 */

import fc from "fast-check";
import { APP, type Entry } from "../../src/cli/app.ts";
import type { Flag, Flags } from "../../src/cli/flags.ts";
import { GLOBAL_FLAGS } from "../../src/cli/globals.ts";
import { argument, near } from "./texts.ts";
import { anyValue, part } from "./values.ts";

/** They wait for something, or start programs: their arguments are tried with `--help`, or not at all. */
const LASTING: readonly string[] = [
  "run",
  "demo",
  "worker start",
  "worker stop",
  "wait",
  "dashboard",
];

/** They make a command that ends go on. */
const ENDLESS: readonly string[] = ["follow", "watch"];

interface Known {
  readonly path: string;
  readonly flags: Flags;
}

const commands: readonly Known[] = await Promise.all(
  APP.flatMap(({ members }) => members).flatMap((member) =>
    "entries" in member
      ? member.entries.map((entry) => known(`${member.name} ${entry.name}`, entry))
      : [known(member.name, member)]
  ),
);

async function known(path: string, entry: Entry): Promise<Known> {
  const { command: { flags } } = await entry.load();
  const ending = Object.entries(flags).filter(([name]) => !ENDLESS.includes(name));
  return { path, flags: Object.fromEntries(ending) };
}

/** Flags that every object seems to have. */
const INHERITED = [
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "prototype",
];

function flagWords(flags: Flags): fc.Arbitrary<string[]> {
  const all = Object.entries({ ...GLOBAL_FLAGS, ...flags }).filter(([name]) => name !== "db");
  const declared = fc.constantFrom(...all).chain(([name, flag]) => writings(name, flag));
  return fc.oneof(
    { weight: 8, arbitrary: declared },
    { weight: 1, arbitrary: fc.constantFrom(...INHERITED).map((name) => [`--${name}`]) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...INHERITED), anyValue).map((
        [name, v],
      ) => [`--${name}=${v}`]),
    },
    {
      weight: 1,
      arbitrary: near(...all.map(([name]) => `--${name}`)).filter(isNoEndless).map((
        word,
      ) => [word]),
    },
    { weight: 1, arbitrary: argument.filter(isNoEndless).map((word) => [word]) },
  );
}

/** A word that could make a command last, or take another store. */
function isNoEndless(word: string): boolean {
  return !/^-+(f|w|db?\b|follow|watch)/i.test(word.replaceAll("_", "-"));
}

function writings(name: string, flag: Flag<unknown>): fc.Arbitrary<string[]> {
  const kebab = name.replace(/(?=[A-Z])/g, "-").toLowerCase();
  const spellings = [
    name,
    kebab,
    kebab.replaceAll("-", "_"),
    kebab.toUpperCase(),
    ...flag.aliases ?? [],
  ];
  const spelled = fc.constantFrom(
    ...spellings.map((one) => `--${one}`),
    ...(flag.short ? [`-${flag.short}`] : []),
  );
  const plain = spelled.map((word) => [word]);
  const attached = fc.tuple(spelled, anyValue).map(([word, value]) => [`${word}=${value}`]);
  if (flag.bare) return fc.oneof({ weight: 3, arbitrary: plain }, attached);
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(spelled, anyValue).map(([word, value]) => [word, value]) },
    { weight: 3, arbitrary: attached },
    { weight: 1, arbitrary: plain },
  );
}

/** A command line: a command's name or nearly, flags of its own and others', words, perhaps `--`. */
export const commandLine: fc.Arbitrary<string[]> = fc.constantFrom(...commands).chain((
  { path, flags },
) =>
  fc.tuple(
    fc.array(flagWords({}), { maxLength: 1 }),
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(path.split(" ")) },
      // A slip in a name of something that lasts may still be its name.
      {
        weight: LASTING.includes(path) ? 0 : 1,
        arbitrary: near(path).filter((word) => !/^(r|d|w)/i.test(word)).map((word) =>
          word.split(" ")
        ),
      },
    ),
    fc.array(
      fc.oneof(
        flagWords(flags),
        part.map((word) => [word]),
        anyValue.map((word) => [word]),
      ),
      { maxLength: 4 },
    ),
    fc.option(fc.array(argument, { maxLength: 2 }), { nil: null, freq: 3 }),
  ).map(([before, name, after, rest]) => [
    ...before.flat(),
    ...name,
    // What lasts is asked for a flag that there is not, so that it ends before it begins.
    ...(LASTING.includes(path) ? ["--no-such-flag"] : []),
    ...after.flat(),
    ...(rest === null ? [] : ["--", ...rest]),
  ])
);
