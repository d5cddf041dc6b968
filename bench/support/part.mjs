// The process of one part: it gets the part's name and how much to do, and sends the result.
const [, , name, context] = process.argv;
const { run } = await import(`../parts/${name}.mjs`);
const result = await run(JSON.parse(context));
process.send(result, () => process.disconnect());
