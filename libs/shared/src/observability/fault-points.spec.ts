import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultPoints } from './fault-points.js';

const folder = mkdtempSync(join(tmpdir(), 'rehome-faults-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('fault points', () => {
  it('passes every point when nothing is specified', async () => {
    await expect(new FaultPoints('').reach('anywhere')).resolves.toBeUndefined();
  });

  it('waits at its point until the file exists, and says that it was reached', async () => {
    const gate = join(folder, 'gate');
    const faults = new FaultPoints(`other=kill; relay:sent=wait:${gate}`);
    let passed = false;
    const waiting = faults.reach('relay:sent').then(() => (passed = true));
    expect(existsSync(`${gate}.reached`)).toBe(true);
    expect(passed).toBe(false);
    writeFileSync(gate, '');
    await waiting;
    expect(passed).toBe(true);
  });

  it('hangs after leaving a mark', async () => {
    const mark = join(folder, 'mark');
    const hanging = new FaultPoints(`step=hang:${mark}`).reach('step').then(() => 'returned');
    expect(existsSync(mark)).toBe(true);
    await expect(Promise.race([hanging, Promise.resolve('still there')])).resolves.toBe('still there');
  });

  it('refuses a specification it cannot read', () => {
    expect(() => new FaultPoints('step=explode')).toThrow('"step=explode" is not name=kill');
    expect(() => new FaultPoints('step=wait:relative')).toThrow('step=wait:relative');
  });
});
