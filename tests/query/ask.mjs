// SPDX-License-Identifier: Apache-2.0
// What the comparisons share: asking the program, random numbers with a seed, and counting.
import { spawnSync } from 'node:child_process';

// One answer for each question, in order. A refusal is {status, message}.
export function ask(program, questions) {
    const input = questions.map((question) => JSON.stringify(question)).join('\n') + '\n';
    const run = spawnSync(program, { input, maxBuffer: 1 << 30 });
    if (run.error || run.status !== 0) {
        throw new Error(`${program}: ${run.error ?? run.status} ${run.stderr}`);
    }
    const lines = run.stdout.toString('utf8').split('\n');
    lines.pop();
    if (lines.length !== questions.length) {
        throw new Error(`${questions.length} questions, ${lines.length} answers`);
    }
    return lines.map((line) => {
        if (line[0] !== '!') return JSON.parse(line);
        const space = line.indexOf(' ');
        return { status: line.slice(1, space), message: line.slice(space + 1) };
    });
}

// mulberry32: enough for choosing, and the same everywhere.
export class Random {
    constructor(seed) {
        this.state = seed >>> 0;
    }

    below(bound) {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let value = this.state;
        value = Math.imul(value ^ (value >>> 15), value | 1);
        value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
        return ((value ^ (value >>> 14)) >>> 0) % bound;
    }

    of(list) {
        return list[this.below(list.length)];
    }
}

export function seed() {
    const given = process.env.FERRIC_TEST_SEED;
    const value = given ? Number(BigInt(given) % 4294967291n) : 20261121;
    console.log(`seed ${value}`);
    return value;
}

// Counts, prints the first failures, and ends the process.
export class Tally {
    constructor(floor) {
        this.floor = floor;
        this.passed = 0;
        this.failed = 0;
        this.excused = new Map();
    }

    pass() {
        this.passed++;
    }

    fail(text) {
        if (this.failed++ < 20) console.log(`FAILED  ${text}`);
    }

    // A difference that docs/QUERY.md lists under this name.
    excuse(name) {
        this.excused.set(name, (this.excused.get(name) ?? 0) + 1);
    }

    end() {
        for (const [name, count] of [...this.excused].sort()) {
            console.log(`deliberate difference: ${name}, ${count} times`);
        }
        if (this.passed < this.floor)
            this.fail(`only ${this.passed} passed, ${this.floor} are wanted`);
        console.log(`${this.passed} passed, ${this.failed} failed`);
        process.exit(this.failed === 0 ? 0 : 1);
    }
}
