import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  CHECKLIST_FILE,
  findCoverage,
  missingStatements,
  referencesIn,
  renderChecklist,
} from './support/checklist.ts';
import { STATEMENTS } from './support/checklist-statements.ts';

describe('checklist', () => {
  it('has 289 statements', () => expect(STATEMENTS).to.have.lengthOf(289));

  it('is referred to by numbers and ranges', () => {
    expect([...referencesIn(`'a (${'checklist'} 3)', "b (${'checklist'} 5, 7-9)"`)]).to.deep.equal([
      3, 5, 7, 8, 9,
    ]);
  });

  it('has a spec for every statement below the HTTP layer', () => {
    expect(missingStatements(findCoverage())).to.deep.equal([]);
  });

  it('is not referred to by numbers that it does not have', () => {
    const known = STATEMENTS.map((_, index) => index + 1);
    expect(known).to.include.members([...findCoverage().keys()]);
  });

  it('is up to date in docs/checklist.md (else: npm run build && node scripts/checklist.mjs)', () => {
    expect(readFileSync(CHECKLIST_FILE, 'utf8')).to.equal(renderChecklist(findCoverage()));
  });
});
