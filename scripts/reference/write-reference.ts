import { writeFileSync } from 'node:fs';
import { formatPage } from './format-page.js';
import { registryPages } from './registry-pages.js';

for (const page of registryPages()) {
  writeFileSync(new URL(`../../docs/reference/${page.file}`, import.meta.url), await formatPage(page));
}
