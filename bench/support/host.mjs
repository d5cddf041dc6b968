// A process of its own: imports the module that it is told and calls its exported functions as the parent asks.

const functions = {
  ...(await import(process.argv[2])),
  /** Microseconds of CPU time of this process so far. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Bytes after a forced collection: on the heap, outside of it, resident. */
  memory: async () => {
    for (let times = 0; times < 4; times++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    return { heap: heapUsed, external, rss };
  },
};

process.on('message', async ({ id, name, args }) => {
  try {
    process.send({ id, value: await functions[name](...args) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
process.send('ready');
