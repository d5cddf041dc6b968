// The process of one part: run.mjs forks it with the part's name and `quick` or `full`.
const [, , name, size] = process.argv;
const { run } = await import(`../parts/${name}.mjs`);
const result = await run({ quick: size === 'quick' });
process.send(result, () => process.disconnect());
