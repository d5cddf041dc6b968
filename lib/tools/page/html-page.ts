import { createHash } from 'node:crypto';
import { escapeHtml } from '../../common/html.ts';

/** The parts of a page. */
export interface HtmlPage {
  /** Its title, as text. */
  readonly title: string;
  /** Its style sheet. */
  readonly style: string;
  /** Its script; without it, none can run. */
  readonly script?: string | undefined;
  /** What it shows, as HTML. */
  readonly body: string;
}

/** A page of one file: its policy lets it load nothing, and run no other style or script than its own. */
export function htmlPage({ title, style, script, body }: HtmlPage): string {
  const scripts = script === undefined ? '' : ` script-src '${hash(script)}';`;
  const policy = `default-src 'none';${scripts} style-src '${hash(style)}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
