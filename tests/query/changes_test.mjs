// SPDX-License-Identifier: Apache-2.0
// Sorts against the model, updates against mingo. Usage: node changes_test.mjs PROGRAM
import 'mingo/init/system';
import { updateObject } from 'mingo/updater';
import { isDeepStrictEqual } from 'node:util';
import { ask, Random, seed, Tally } from './ask.mjs';
import { makeDocument, makeValue, PATHS } from './documents.mjs';
import { sorted } from './model.mjs';

const SORTS = 10000;
const UPDATES = 80000;

const program = process.argv[2];
const show = JSON.stringify;
const random = new Random(seed());
const tally = new Tally(50000);

// ---- Sorts ----------------------------------------------------------------------------------

const sorts = Array.from({ length: SORTS }, () => {
    const keys = new Map(
        Array.from({ length: 1 + random.below(2) }, () => [random.of(PATHS), random.of([1, -1])]),
    );
    return { keys: [...keys], documents: Array.from({ length: 8 }, () => makeDocument(random, 2)) };
});
const orders = ask(
    program,
    sorts.map(({ keys, documents }) => [
        'sort',
        keys.map(([path, direction]) => (direction < 0 ? `-${path}` : path)),
        documents,
    ]),
);
sorts.forEach(({ keys, documents }, at) => {
    const expected = sorted(documents, keys);
    if (isDeepStrictEqual(orders[at], expected)) {
        tally.pass();
    } else {
        tally.fail(
            `sort ${show(keys)} of ${show(documents)}: ${orders[at]}, the model: ${expected}`,
        );
    }
});

// ---- Updates --------------------------------------------------------------------------------

const OPERANDS = {
    $set: () => makeValue(random, 1),
    $unset: () => '',
    $inc: () => random.of([1, -2, 2.5]),
    $mul: () => random.of([2, -3, 0.5]),
    $min: () => random.of([0, 5, -3, 2.5]),
    $max: () => random.of([0, 5, -3, 2.5]),
    $push: () =>
        random.below(2) === 0
            ? makeValue(random, 1)
            : {
                  $each: [makeValue(random, 0), makeValue(random, 1)],
                  ...(random.below(2) === 0 ? { $position: random.below(3) } : {}),
                  ...(random.below(2) === 0 ? { $slice: random.below(5) - 2 } : {}),
              },
    $pull: () => random.of([1, 'a', null, { $gte: 2 }, { $in: ['a', 1] }, { a: 1 }]),
    $addToSet: () =>
        random.below(2) === 0
            ? makeValue(random, 1)
            : { $each: [makeValue(random, 1), makeValue(random, 0)] },
    $rename: () => random.of(['c', 'd', 'd.e']),
};

function makeUpdate() {
    const name = random.of(Object.keys(OPERANDS));
    return { [name]: { [random.of(PATHS)]: OPERANDS[name]() } };
}

// mingo's ways that are not MongoDB's: the table of docs/QUERY.md.
const DIFFERENCES = [
    ['$addToSet of an array with duplicates', (name) => name === '$addToSet'],
    ['$pull by predicate, of elements of another type', (name) => name === '$pull'],
];
const EXCUSED_MAX = 0.01;

const updates = Array.from({ length: UPDATES }, () => ({
    update: makeUpdate(),
    document: makeDocument(random, 2),
}));
const results = ask(
    program,
    updates.map(({ update, document }) => ['update', update, document]),
);
let refused = 0;
let excused = 0;
updates.forEach(({ update, document }, number) => {
    const result = results[number];
    if (typeof result.status === 'string') {
        // mingo lets pass what MongoDB refuses: a value that does not suit the operator.
        if (result.status === 'INVALID_ARGUMENT') refused++;
        else
            tally.fail(
                `${show(update)} on ${show(document)}: ${result.status} ${result.message}`,
            );
        return;
    }
    const expected = structuredClone(document);
    try {
        updateObject(expected, structuredClone(update));
    } catch {
        // mingo has no $pull of something that is not there.
    }
    if (isDeepStrictEqual(result, JSON.parse(JSON.stringify(expected)))) {
        tally.pass();
        return;
    }
    const [name] = Object.keys(update);
    const difference = DIFFERENCES.find(([, applies]) => applies(name));
    if (difference === undefined) {
        tally.fail(
            `${show(update)} on ${show(document)}: ${show(result)}, mingo: ${show(expected)}`,
        );
        return;
    }
    excused++;
    tally.excuse(difference[0]);
});
console.log(`${SORTS} sorts, ${UPDATES} updates, ${refused} refused, ${excused} excused`);
if (excused > UPDATES * EXCUSED_MAX) tally.fail('too many differences are excused');
tally.end();
