// SPDX-License-Identifier: Apache-2.0
// Filters: every answer is that of the model, and that of mingo or sift, or a difference that
// docs/QUERY.md lists. Usage: node filters_test.mjs PROGRAM
import 'mingo/init/system';
import { Query } from 'mingo';
import sift from 'sift';
import { ask, Random, seed, Tally } from './ask.mjs';
import { makeDocument, makeFilter } from './documents.mjs';
import { matches } from './model.mjs';

const PAIRS = 120000;
// Most of the answers must be the peers' own: what is excused cannot become the rule.
const EXCUSED_MAX = 0.01;

// Neither peer has $startsWith. No prefix of documents.mjs is special in a regular expression.
function translate(value) {
    if (Array.isArray(value)) return value.map(translate);
    if (value === null || typeof value !== 'object') return value;
    const made = Object.fromEntries(
        Object.entries(value).map(([name, inside]) => [name, translate(inside)]),
    );
    if (!('$startsWith' in made)) return made;
    const prefix = `^${made.$startsWith}`;
    delete made.$startsWith;
    return { ...made, $regex: prefix };
}
const cannotBeSaid = (filter) =>
    some(filter, (value) => isContainer(value) && '$startsWith' in value && '$regex' in value);

// Whether any member or element, at any depth, is such.
function some(value, is) {
    if (is(value)) return true;
    return (
        value !== null &&
        typeof value === 'object' &&
        Object.values(value).some((inside) => some(inside, is))
    );
}
const isContainer = (value) => value !== null && typeof value === 'object';
const uses = (filter, names, is) =>
    some(
        filter,
        (value) =>
            isContainer(value) &&
            !Array.isArray(value) &&
            names.some((name) => name in value && is(value[name])),
    );
const hasPathOfSteps = (filter) =>
    some(
        filter,
        (value) => isContainer(value) && Object.keys(value).some((name) => name.includes('.')),
    );

// The peers' ways that are not MongoDB's, or not Ferric's: the table of docs/QUERY.md.
const DIFFERENCES = [
    [
        'bounds of null, arrays and objects',
        (filter) =>
            uses(
                filter,
                ['$gt', '$gte', '$lt', '$lte'],
                (operand) => isContainer(operand) || operand === null,
            ),
    ],
    [
        'paths through arrays',
        (filter, document) => hasPathOfSteps(filter) && some(document, Array.isArray),
    ],
    [
        'nested arrays',
        (_, document) =>
            some(document, (value) => Array.isArray(value) && value.some(Array.isArray)),
    ],
    [
        'arrays as operands',
        (filter) =>
            uses(filter, ['$in', '$nin', '$all'], (operand) => operand.some(isContainer)) ||
            some(filter, (value) => Array.isArray(value) && value.length === 0),
    ],
    ['$mod of no number', (filter) => uses(filter, ['$mod'], () => true)],
    ['$all of no array', (filter) => uses(filter, ['$all'], () => true)],
    ['$type of mixed arrays', (filter) => uses(filter, ['$type'], () => true)],
    ['$elemMatch with operators', (filter) => uses(filter, ['$elemMatch', '$not'], () => true)],
];

function answerOf(peer) {
    try {
        return peer();
    } catch {
        return undefined; // Some combinations are errors there.
    }
}

const program = process.argv[2];
const show = JSON.stringify;
const random = new Random(seed());
const tally = new Tally(100000);
const pairs = Array.from({ length: PAIRS }, () => ({
    filter: makeFilter(random, 2),
    document: makeDocument(random, 2),
}));
const answers = ask(
    program,
    pairs.map(({ filter, document }) => ['match', filter, document]),
);
let excused = 0;
pairs.forEach(({ filter, document }, at) => {
    const answer = answers[at];
    const what = `${show(filter)} on ${show(document)}: ${show(answer)}`;
    if (answer !== matches(filter, document)) {
        tally.fail(`${what}, the model says otherwise`);
        return;
    }
    const said = translate(filter);
    const peers = cannotBeSaid(filter)
        ? []
        : [answerOf(() => new Query(said).test(document)), answerOf(() => sift(said)(document))];
    if (peers.length === 0 || peers.includes(answer)) {
        tally.pass();
        return;
    }
    const difference = DIFFERENCES.find(([, applies]) => applies(filter, document));
    if (difference === undefined) {
        tally.fail(`${what}, mingo and sift: ${peers}`);
        return;
    }
    excused++;
    tally.pass();
    tally.excuse(difference[0]);
});
console.log(
    `${PAIRS} pairs, ${answers.filter((is) => is === true).length} matched, ${excused} excused`,
);
if (excused > PAIRS * EXCUSED_MAX) tally.fail('too many differences are excused');
tally.end();
