export async function POST(request) {
  const text = await request.text();
  return Response.json({ text, own: request.headers.get('x-own') });
}
