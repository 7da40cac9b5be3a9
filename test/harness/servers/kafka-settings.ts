/**
 * One broker that is its own controller, small: the default cleaner buffer does not fit into a 192 MB heap; short
 * sessions bring a killed broker back in 3 s instead of 11; four partitions for what it keeps for itself.
 */
const BROKER_SETTINGS: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.cleaner.dedupe.buffer.size': '2097152',
  'num.partitions': '1',
  'offsets.topic.num.partitions': '4',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'broker.session.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '300',
};

export interface BrokerAddresses {
  readonly listeners: string;
  readonly advertised: string;
  readonly controller: string;
}

/** All settings of one broker, by Kafka's names. */
export function brokerSettings({ listeners, advertised, controller }: BrokerAddresses): Record<string, string> {
  return {
    ...BROKER_SETTINGS,
    listeners,
    'advertised.listeners': advertised,
    'controller.quorum.voters': `1@${controller}`,
  };
}

/** As the official image takes them: `num.partitions` is `KAFKA_NUM_PARTITIONS`. */
export function imageEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]),
  );
}
