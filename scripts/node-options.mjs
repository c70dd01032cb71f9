// The options of Node under which services run, in one place: `npm start`, the bench and the chaos test use them.
/**
 * Young objects get 32 MB to die in: with hundreds of calls under way a smaller space hands them on to the old one
 * while they are still waited for. One thread cleans it: what survives is little, so that helpers
 * have little to take over (weakly measured: two short runs each way on a busy machine). The old space is cleaned when it has doubled instead of grown several
 * times over: it holds some 25 MB that live, and would otherwise fill with 100 MB more that do not.
 */
export const serviceOptions = [
  "--disable-warning=ExperimentalWarning",
  "--max-semi-space-size=32",
  "--no-parallel-scavenge",
  "--heap-growing-percent=100",
];
