#!/usr/bin/env bash
# The JavaScript client of Kubernetes installs on Node 20 without a word and cannot be loaded there.
#
# Software:       @kubernetes/client-node 2.0.1 and 1.4.0, on Node 20.20.2
# Behaviour:      2.0.1 has no "engines", so npm says nothing; loading it throws a TypeError ("reading 'bind'") deep in undici 8, which needs
#                 Node 22.19. 1.4.0 loads.
# One would guess: EBADENGINE when it is installed, or a message that names the version of Node.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund new@npm:@kubernetes/client-node@2.0.1 old@npm:@kubernetes/client-node@1.4.0 node20@npm:node@20.20.2

cat > try.js <<'END'
import { createRequire } from 'node:module';

const [, , name] = process.argv;
const { version, engines } = createRequire(import.meta.url)(`./node_modules/${name}/package.json`);
const tell = (outcome) => {
  console.log(`${version}, engines ${engines?.node ?? 'not given'}: ${outcome}`);
  process.exit();
};
import(name).then(() => tell('loads'), (error) => tell(`${error.name}: ${error.message}`));
END

for name in old new; do
  timeout 60 node_modules/node20/bin/node try.js "$name"
done | tee seen
diff - seen <<'END'
1.4.0, engines not given: loads
2.0.1, engines not given: TypeError: Cannot read properties of undefined (reading 'bind')
END
