import { json } from '@sveltejs/kit';

export async function POST({ request }) {
  return json({ text: await request.text(), own: request.headers.get('x-own') });
}
