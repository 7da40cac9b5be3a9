import type Docker from 'dockerode';
import { describe, expect, it } from '@jest/globals';
import { copyOf } from './container-copy.js';
import { demultiplex } from './log-stream.js';
import { holdsVariables, withVariables } from './environment-list.js';
import { bytesOf, limitsOf } from './resources.js';

describe('an environment of a container', () => {
  it('is changed in the named variables only, at their places, new ones last', () => {
    const list = ['A=1=2', 'HOST=old', 'EMPTY='];
    const changed = withVariables(list, { HOST: 'new', ADDED: 'x=y' });
    expect(changed).toEqual(['A=1=2', 'HOST=new', 'EMPTY=', 'ADDED=x=y']);
    expect(holdsVariables(changed, { HOST: 'new' })).toBe(true);
    expect(holdsVariables(list, { HOST: 'new' })).toBe(false);
  });
});

describe('a copy of a container', () => {
  const Id = 'a1b2c3d4e5f60000';
  const inspected = {
    Id,
    Config: { Hostname: Id.slice(0, 12) },
    HostConfig: {
      NetworkMode: 'shop',
      Mounts: [
        { Type: 'volume', Target: '/data' },
        { Type: 'volume', Target: '/named', Source: 'its-name' },
        { Type: 'tmpfs', Target: '/run' },
      ],
    },
    Mounts: [
      { Type: 'volume', Name: 'generated-7', Destination: '/data', RW: true },
      { Type: 'volume', Name: 'its-name', Destination: '/named', RW: true },
    ],
    NetworkSettings: {
      Networks: {
        shop: {
          Aliases: ['db', Id.slice(0, 12)],
          DriverOpts: { 'com.example.qos': 'high' },
          MacAddress: '02:42:ac:11:00:07',
          IPAMConfig: null,
          Links: null,
          IPAddress: '172.18.0.7',
        },
      },
    },
  } as unknown as Docker.ContainerInspectInfo;

  it('uses the very volumes that were made for it, and asks for no others', () => {
    const { body } = copyOf(inspected, [], 'image');
    expect(body).toMatchObject({
      HostConfig: {
        Binds: [],
        Mounts: [{ Target: '/data', Source: 'generated-7' }, { Source: 'its-name' }, { Type: 'tmpfs', Target: '/run' }],
      },
    });
  });

  it('joins its networks with the options and hardware address that were asked for', () => {
    const { body } = copyOf(inspected, [], 'image');
    expect(body).toMatchObject({ NetworkingConfig: { EndpointsConfig: { shop: expect.anything() } } });
    const { NetworkingConfig } = body as { NetworkingConfig: { EndpointsConfig: Record<string, unknown> } };
    expect(NetworkingConfig.EndpointsConfig['shop']).toEqual({
      Aliases: ['db'],
      DriverOpts: { 'com.example.qos': 'high' },
      MacAddress: '02:42:ac:11:00:07',
    });
  });
});

describe('resources for a Docker engine', () => {
  it('are bytes and billionths of a core', () => {
    expect([bytesOf('512Mi'), bytesOf('1.5G'), bytesOf('64')]).toEqual([536_870_912, 1_500_000_000, 64]);
    expect(limitsOf({ cpu: 0.5, memory: '1Ki', storage: '9G' })).toEqual({ nanoCpus: 500_000_000, memoryBytes: 1024 });
    expect(() => bytesOf('much')).toThrow('512Mi');
  });
});

describe('the log of a container', () => {
  it('is the text of its chunks, the headers left out', () => {
    const chunk = (stream: number, text: string): Buffer => {
      const header = Buffer.alloc(8);
      header.writeUInt8(stream, 0);
      header.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    expect(demultiplex(Buffer.concat([chunk(1, 'one\n'), chunk(2, 'two\n')]), false)).toBe('one\ntwo\n');
    expect(demultiplex(Buffer.from('plain'), true)).toBe('plain');
  });
});
