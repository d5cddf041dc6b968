import { styleText } from 'node:util';

export { visible } from '../common/visible.ts';

/** Colours that are used. */
export type Color = 'blue' | 'cyan' | 'green' | 'magenta' | 'red' | 'yellow';

/** Puts text in a colour, or leaves it as it is. */
export type Paint = (color: Color, text: string) => string;

/** Where text goes, as far as it matters how it looks there. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
}

/** Colours on a terminal, unless NO_COLOR says otherwise, and everywhere if they are demanded. */
export function painter(screen: Screen, demanded = false): Paint {
  const { NO_COLOR = '' } = process.env;
  const colored = demanded || (screen.isTTY === true && NO_COLOR === '');
  if (!colored) return (_color, text) => text;
  // Newer versions of Node would look at standard output, which is not the place.
  return (color, text) => styleText(color, text, { validateStream: false });
}
