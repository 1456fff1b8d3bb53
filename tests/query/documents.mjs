// SPDX-License-Identifier: Apache-2.0
// Random documents and filters: few names and values, so that they meet; every operator, with every
// type against missing, null, empty and nested arrays.
const SCALARS = [null, 0, 1, 2, -1, 2.5, 3, 10, true, false, '', 'a', 'ab', 'b', 'é', 'Ab'];
const VALUES = [
    ...SCALARS,
    [],
    {},
    [1],
    [1, 2],
    [[1]],
    [null],
    { a: 1 },
    { a: 1, b: 2 },
    { b: 2, a: 1 },
];
export const PATHS = ['a', 'a', 'b', 'a.b', 'a.a', 'b.a', 'a.0', 'a.b.a', 'c'];

export function makeValue(random, depth) {
    const kind = random.below(depth > 0 ? 6 : 3);
    if (kind < 2) return random.of(SCALARS);
    if (kind === 2) return structuredClone(random.of(VALUES));
    if (kind === 3) return makeDocument(random, depth - 1);
    return Array.from({ length: random.below(4) }, () =>
        makeValue(random, kind === 4 ? 0 : depth - 1),
    );
}

export function makeDocument(random, depth) {
    const made = {};
    for (const name of ['a', 'b']) {
        if (random.below(4) !== 0) made[name] = makeValue(random, depth);
    }
    return made;
}

const OPERANDS = {
    $eq: (r) => makeValue(r, 1),
    $ne: (r) => makeValue(r, 1),
    $gt: (r) => makeValue(r, 1),
    $gte: (r) => makeValue(r, 1),
    $lt: (r) => makeValue(r, 1),
    $lte: (r) => makeValue(r, 1),
    $in: (r) => Array.from({ length: r.below(4) }, () => makeValue(r, 1)),
    $nin: (r) => Array.from({ length: r.below(4) }, () => makeValue(r, 1)),
    $exists: (r) => r.below(2) === 0,
    $type: (r) => r.of(['null', 'number', 'string', 'object', 'array', 'bool', ['string', 'null']]),
    $size: (r) => r.below(3),
    $mod: (r) => [r.of([2, 3, -2]), r.below(3) - 1],
    $regex: (r) => r.of(['^a', 'b', '^ab?$', '.', '']),
    $startsWith: (r) => r.of(['a', '', 'A', 'é']),
    $all: (r) => Array.from({ length: r.below(3) }, () => makeValue(r, 1)),
    $not: (r, depth) => makeOperators(r, depth - 1),
    $elemMatch: (r, depth) =>
        r.below(2) === 0 ? makeFilter(r, depth - 1) : makeOperators(r, depth - 1),
};
const NAMES = Object.keys(OPERANDS);

export function makeOperators(random, depth) {
    const made = {};
    for (let count = 1 + random.below(2); count > 0; count--) {
        const name = NAMES[random.below(depth > 0 ? NAMES.length : NAMES.length - 2)];
        made[name] = OPERANDS[name](random, depth);
    }
    return made;
}

export function makeFilter(random, depth) {
    const made = {};
    for (let count = 1 + random.below(2); count > 0; count--) {
        if (depth > 0 && random.below(5) === 0) {
            const length = 1 + random.below(2);
            made[random.of(['$and', '$or', '$nor'])] = Array.from({ length }, () =>
                makeFilter(random, depth - 1),
            );
        } else {
            made[random.of(PATHS)] =
                random.below(3) === 0 ? makeValue(random, 1) : makeOperators(random, depth);
        }
    }
    return made;
}

// One filter for each operator, with this operand.
export function operatorNames() {
    return NAMES;
}
