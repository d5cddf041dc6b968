import { STATUS_CODES } from 'node:http';
import { escapeHtml } from '../../common/html.ts';

/** A page that tells the reason of a status. */
export function statusPage(status: number, server: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  return page(title, `<hr>\n<address>${escapeHtml(server)}</address>`);
}

/** A page with links to the entries of a directory; names of directories end with a slash. */
export function listingPage(path: string, names: readonly string[]): string {
  const links = names.map((name) => {
    // `./` keeps a colon in a name from making a scheme of it.
    const href = escapeHtml(`./${name.split('/').map(encodeURIComponent).join('/')}`);
    return `<li><a href="${href}">${escapeHtml(name)}</a></li>`;
  });
  return page(`Index of ${path}`, `<ul>\n${links.join('\n')}\n</ul>`);
}

function page(title: string, body: string): string {
  const text = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${text}</title></head>
<body>
<h1>${text}</h1>
${body}
</body>
</html>
`;
}
