import { loadPackage } from '../../../common/packages.ts';

/** Collects what an HTML page refers to, while it arrives. */
export interface AssetFinder {
  write(chunk: Buffer): void;
  /** The absolute URLs of style sheets, icons, images and scripts, each once, in the order of the page. */
  end(): URL[];
}

/** Values of `rel` of links that are fetched. */
const LINK_RELATIONS: ReadonlySet<string> = new Set(['stylesheet', 'icon', 'apple-touch-icon']);

/**
 * Makes a finder for one page. The HTML parser is an optional dependency, as it is for Spdylay, and loaded only here: whoever uses the
 * package as a library can leave it out.
 */
export async function openAssetFinder(page: URL): Promise<AssetFinder> {
  const { Parser } = await loadPackage('htmlparser2', '--get-assets', () => import('htmlparser2'));
  const found = new Map<string, URL>();
  let base = page;
  const add = (reference: string | undefined): void => {
    if (reference === undefined || !URL.canParse(reference, base.href)) return;
    const url = new URL(reference, base.href);
    url.hash = '';
    if (!found.has(url.href)) found.set(url.href, url);
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const { href, src, rel = '' } = attributes;
      if (name === 'base' && href !== undefined && URL.canParse(href, page.href)) {
        base = new URL(href, page.href);
      } else if (name === 'link') {
        const relations = rel.toLowerCase().split(/\s+/);
        if (relations.some((relation) => LINK_RELATIONS.has(relation))) add(href);
      } else if (name === 'img' || name === 'script') {
        add(src);
      }
    },
  });
  const decoder = new TextDecoder();
  return {
    write: (chunk) => parser.write(decoder.decode(chunk, { stream: true })),
    end: () => {
      parser.end();
      return [...found.values()];
    },
  };
}
