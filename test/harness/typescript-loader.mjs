// Lets Node import our TypeScript sources as they are, with the same compiler options as Jest. Jest's global set-up runs
// before Jest's own transforms, and must start servers even while some other source does not compile.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
