/** Does a work so many times, so many of them at once. */
export async function inTurns(count, atOnce, work) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
