import { expect } from 'chai';
import { hasFormat } from '../../../../lib/kubernetes/fake/custom/formats.ts';

describe('formats of values', () => {
  it('have bounds, and days that there are', () => {
    for (const [format, good, bad] of [
      ['int32', 2 ** 31 - 1, 2 ** 31],
      ['int32', -(2 ** 31), -(2 ** 31) - 1],
      ['int64', 2 ** 63, 2 ** 64],
      ['date', '2024-02-29', '2024-02-30'],
      ['date', '2024-12-31', '2024-13-01'],
      ['date-time', '2024-02-29T23:59:59Z', '2023-02-29T00:00:00Z'],
      ['date-time', '2024-02-28T00:00:00.5+01:00', '2024-02-28T25:00:00Z'],
      ['cidr', '10.0.0.0/8', '10.0.0.0/33'],
      ['byte', 'YQ==', 'YQ='],
      ['unheard-of', 1, null],
    ] as const) {
      expect(hasFormat(format, good), `${format} ${good}`).to.equal(true);
      if (bad !== null) expect(hasFormat(format, bad), `${format} ${bad}`).to.equal(false);
    }
  });
});
