// For `mocha --require`: of the HTTP suite, defines those specs alone that hold through a proxy, or those alone that cannot (SPDYLAY_PROXY_PART=held or limited).
import Mocha from 'mocha';
import { limitOf } from '../build/spec/http/support/through-proxy-limits.js';

const { SPDYLAY_THROUGH_PROXY: way, SPDYLAY_PROXY_PART: part } = process.env;
const { prototype } = Mocha.Suite;
const { addTest } = prototype;

prototype.addTest = function (test) {
  const limit = limitOf(test.file, `${this.fullTitle()} ${test.title}`, way);
  const wanted = part === 'held' ? limit === null : limit !== null && limit.varies !== true;
  return wanted ? addTest.call(this, test) : this;
};
