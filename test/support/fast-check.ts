/**
 * fast-check as the tests use it: with TILLBOOK_SEED set it generates the same examples each time,
 * without it new ones.
 */
import fc from 'fast-check';

const seed = process.env['TILLBOOK_SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

export { fc };
