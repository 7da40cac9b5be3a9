import { expect, it } from '@jest/globals';
import { brokerSettings, imageEnvironment } from './kafka-settings.js';

it('gives the official image the settings of the native broker', () => {
  const settings = brokerSettings({ listeners: 'L', advertised: 'A', controller: 'localhost:9093' });
  expect(imageEnvironment(settings)).toMatchObject({
    KAFKA_ADVERTISED_LISTENERS: 'A',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
  });
});
