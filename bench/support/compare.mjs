import { median, spread } from './measure.mjs';

/** A table of everything that a part has measured on two builds: medians of the rounds, and the present one relative to the baseline. */
export function compareTable(part, present, baseline) {
  const rows = [];
  const before = new Map(seriesOf(baseline));
  for (const [name, values] of seriesOf(present)) {
    const others = before.get(name);
    if (others === undefined) continue;
    const [now, then] = [median(values), median(others)];
    rows.push([name, now, then, now / then, spread(values), spread(others)]);
  }
  return {
    title: `${part}: this build beside the baseline`,
    columns: ['case', 'now', 'baseline', 'ratio', 'spread %', 'of baseline'],
    rows,
  };
}

/** The numbers of each case by name; a case with several measures has a name for each. */
function* seriesOf(results) {
  for (const [name, rounds] of Object.entries(results)) {
    if (typeof rounds[0] === 'number') yield [name, rounds];
    else
      for (const key of Object.keys(rounds[0] ?? {})) {
        const values = rounds.map((round) => round[key]);
        if (values.every((value) => typeof value === 'number')) yield [`${name}, ${key}`, values];
      }
  }
}
