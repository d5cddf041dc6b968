export const dynamic = 'force-dynamic';

export function GET() {
  let count = 0;
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((next) => setTimeout(next, 2));
      controller.enqueue(new TextEncoder().encode(`piece ${++count}\n`));
      if (count === 5) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/plain', 'set-cookie': 'a=1' } });
}
