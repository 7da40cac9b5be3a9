import type { SecretRef, ServerEndpoint } from '../registry.js';

/** Asks the provisioner for a dedicated server by HTTP; idempotent by key. */
export interface ProvisionServerParams {
  readonly instanceId: string;
  /** Servers whose administrator the registry knows, by name: decides whether the answered user is administrator or application role. */
  readonly knownServers: readonly ServerEndpoint[];
}

export interface ProvisionServerResult {
  readonly server: ServerEndpoint;
  /** Role the application logs in as; equals the administrator when the registry did not know the server. */
  readonly role: string;
  readonly roleSecretRef: SecretRef;
  readonly knownToRegistry: boolean;
}
