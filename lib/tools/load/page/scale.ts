/** Where values stand on an axis, and which of them are named. */
export interface Scale {
  readonly ticks: readonly number[];
  /** 0 at the beginning of the axis, 1 at its end; values outside of it stand there. */
  at(value: number): number;
}

/** From 0 on, with 2 to 6 names of 1, 2 or 5 times a power of ten: the last one is the end, or `max` is. */
export function linearScale(max: number, ends: 'round' | 'at-max' = 'round'): Scale {
  const most = max > 0 && Number.isFinite(max) ? max : 1;
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = power * ([1, 2, 5].find((times) => most / (times * power) <= 5) ?? 10);
  const steps = ends === 'round' ? Math.ceil(most / step - 1e-9) : Math.floor(most / step + 1e-9);
  const end = ends === 'round' ? steps * step : most;
  const ticks = Array.from({ length: steps + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  );
  return { ticks, at: (value) => within(value / end) };
}

/** Powers of ten around two values above 0. */
export function logScale(min: number, max: number): Scale {
  const least = min > 0 && Number.isFinite(min) ? min : 1;
  const most = max >= least && Number.isFinite(max) ? max : least;
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return { ticks, at: (value) => within((Math.log10(value) - first) / (last - first)) };
}

/** Percentages as nines: as far from 90 to 99 as from 99 to 99.9. The end stands for 100. */
export function ninesScale(max: number): Scale {
  const most = max >= 90 && max < 100 ? max : 90;
  const end = nines(most) * 1.05;
  const ticks = [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999].filter((tick) => tick <= most + 1e-9);
  return { ticks, at: (value) => (value >= 100 ? 1 : within(nines(value) / end)) };
}

function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function within(share: number): number {
  return Number.isNaN(share) ? 0 : Math.min(Math.max(share, 0), 1);
}
