// Writes docs/checklist.md from the titles of the specs. Needs a build: `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  CHECKLIST_FILE,
  findCoverage,
  missingStatements,
  renderChecklist,
} from '../build/spec/support/checklist.js';

const coverage = findCoverage();
mkdirSync(new URL('./', CHECKLIST_FILE), { recursive: true });
writeFileSync(CHECKLIST_FILE, renderChecklist(coverage));
for (const statement of missingStatements(coverage)) console.log(`no spec for ${statement}`);
