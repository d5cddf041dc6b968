// node bench/draw.mjs RUN.json PICTURE.svg: draws what `npm run bench -- --json RUN.json` has measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { chart } from './support/chart.mjs';

const [, , run, picture] = process.argv;
writeFileSync(picture, chart(JSON.parse(readFileSync(run, 'utf8')).runs[0]));
