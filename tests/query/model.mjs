// SPDX-License-Identifier: Apache-2.0
// What docs/QUERY.md says about filters, order and updates, in a few lines that share nothing with
// the C code: slow, simple, and compared with it on every random question.
export const MISSING = Symbol('missing');

const TYPES = [MISSING, 'null', 'number', 'string', 'object', 'array', 'boolean'];

export function typeOf(value) {
    if (value === MISSING) return MISSING;
    if (value === null) return 'null';
    return Array.isArray(value) ? 'array' : typeof value;
}

function compareLists(a, b) {
    for (let i = 0; i < a.length && i < b.length; i++) {
        const order = compare(a[i], b[i]);
        if (order !== 0) return order;
    }
    return Math.sign(a.length - b.length);
}

function sortedMembers(object) {
    return Object.keys(object)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .flatMap((name) => [name, object[name]]);
}

export function compare(a, b) {
    const type = typeOf(a);
    if (type !== typeOf(b)) return TYPES.indexOf(type) < TYPES.indexOf(typeOf(b)) ? -1 : 1;
    if (type === MISSING) return 0;
    if (type === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
    if (type === 'array') return compareLists(a, b);
    if (type === 'object') return compareLists(sortedMembers(a), sortedMembers(b));
    return a < b ? -1 : a > b ? 1 : 0;
}

// The values that a path reaches, as [value, isElement].
export function reach(value, steps) {
    if (steps.length === 0) {
        if (!Array.isArray(value)) return [[value, false]];
        return [...value.map((element) => [element, true]), [value, false]];
    }
    const [step, ...rest] = steps;
    const type = typeOf(value);
    const isPosition = /^(0|[1-9][0-9]*)$/.test(step);
    if (type === 'object')
        return Object.hasOwn(value, step) ? reach(value[step], rest) : [[MISSING, false]];
    if (type === 'array' && isPosition)
        return step < value.length ? reach(value[step], rest) : [[MISSING, false]];
    if (type !== 'array') return [[MISSING, false]];
    return value
        .filter((element) => typeOf(element) === 'object')
        .flatMap((element) => reach(element, steps));
}

const isNothing = (value) => value === null || value === MISSING;
const equal = (operand, value) =>
    operand === null ? isNothing(value) : compare(operand, value) === 0;

function ordered(operand, value, holds) {
    if (operand === null) return isNothing(value) && holds(0);
    return typeOf(operand) === typeOf(value) && holds(compare(value, operand));
}

// Operators on one value; the others are built from these.
const ON_VALUE = {
    $eq: equal,
    $gt: (operand, value) => ordered(operand, value, (order) => order > 0),
    $gte: (operand, value) => ordered(operand, value, (order) => order >= 0),
    $lt: (operand, value) => ordered(operand, value, (order) => order < 0),
    $lte: (operand, value) => ordered(operand, value, (order) => order <= 0),
    $in: (operand, value) => operand.some((one) => equal(one, value)),
    $type: (operand, value) =>
        [operand].flat().some((name) => (name === 'bool' ? 'boolean' : name) === typeOf(value)),
    $mod: ([divisor, rest], value) =>
        typeof value === 'number' && Math.trunc(value) % divisor === rest,
    $regex: (operand, value) => typeof value === 'string' && new RegExp(operand, 'u').test(value),
    $startsWith: (operand, value) => typeof value === 'string' && value.startsWith(operand),
    $size: (operand, value, isElement) =>
        !isElement && Array.isArray(value) && value.length === operand,
    $elemMatch: (operand, value, isElement) =>
        !isElement &&
        Array.isArray(value) &&
        value.some((element) => elementMatches(operand, element)),
};

const hasOperators = (value) =>
    typeOf(value) === 'object' && Object.keys(value)[0]?.startsWith('$');

export function elementMatches(operand, element) {
    const asksMembers =
        !hasOperators(operand) || ['$and', '$or', '$nor'].includes(Object.keys(operand)[0]);
    if (!asksMembers) return operatorsMatch(operand, [[element, false]]);
    return ['object', 'array'].includes(typeOf(element)) && matches(operand, element);
}

function operatorMatches(name, operand, reached) {
    switch (name) {
        case '$ne':
            return !operatorMatches('$eq', operand, reached);
        case '$nin':
            return !operatorMatches('$in', operand, reached);
        case '$not':
            return !operatorsMatch(operand, reached);
        case '$exists':
            return reached.some(([value]) => value !== MISSING) === operand;
        case '$all':
            return (
                operand.length > 0 && operand.every((one) => operatorMatches('$eq', one, reached))
            );
        default:
            return reached.some(([value, isElement]) => ON_VALUE[name](operand, value, isElement));
    }
}

function operatorsMatch(operators, reached) {
    return Object.entries(operators).every(([name, operand]) =>
        operatorMatches(name, operand, reached),
    );
}

export function matches(filter, document) {
    return Object.entries(filter).every(([name, operand]) => {
        if (name === '$and') return operand.every((branch) => matches(branch, document));
        if (name === '$or') return operand.some((branch) => matches(branch, document));
        if (name === '$nor') return !operand.some((branch) => matches(branch, document));
        const reached = reach(document, name.split('.'));
        return operatorsMatch(hasOperators(operand) ? operand : { $eq: operand }, reached);
    });
}

// The positions of documents in the order that [[path, direction], ...] asks for.
export function sorted(documents, keys) {
    const chosen = documents.map((document) =>
        keys.map(([path, direction]) => {
            const values = reach(document, path.split('.'))
                .filter(([value, isElement], at, all) => isElement || !Array.isArray(value))
                .map(([value]) => value);
            return values.reduce(
                (best, value) => (compare(value, best) * direction < 0 ? value : best),
                values.length > 0 ? values[0] : MISSING,
            );
        }),
    );
    const last = keys[keys.length - 1][1];
    return documents
        .map((_, at) => at)
        .sort((a, b) => {
            for (let i = 0; i < keys.length; i++) {
                const order = compare(chosen[a][i], chosen[b][i]) * keys[i][1];
                if (order !== 0) return order;
            }
            return (a - b) * last;
        });
}
