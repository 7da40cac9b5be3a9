let answer: Promise<boolean> | undefined;

/** Whether a container engine answers; asked once per process. `REHOME_TEST_SERVERS=native` says no without asking. */
export function dockerAnswers(): Promise<boolean> {
  answer ??= process.env['REHOME_TEST_SERVERS'] === 'native' ? Promise.resolve(false) : ask();
  return answer;
}

async function ask(): Promise<boolean> {
  try {
    // Loaded only when it is asked: it takes half a second.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

/** Engine for the tests of the docker service driver, `unix:///…`; they are skipped, visibly, without one. */
export function testDockerHost(): string | undefined {
  return process.env['REHOME_TEST_DOCKER_HOST'];
}
