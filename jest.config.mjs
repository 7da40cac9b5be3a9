import { SWC_OPTIONS } from './test/harness/swc-options.mjs';

/** @type {import('jest').Config} */
export default {
  rootDir: '.',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/scripts'],
  testMatch: ['**/*.spec.ts'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'app-source'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', SWC_OPTIONS] },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/harness/global-set-up.mjs',
  globalTeardown: '<rootDir>/test/harness/global-tear-down.mjs',
  reporters: ['default', '<rootDir>/test/harness/last-line-reporter.mjs'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
