/** Stops what the set-up started; it may have failed before that. */
export default async function tearDown() {
  await globalThis.rehomeRunServers?.stop();
}
