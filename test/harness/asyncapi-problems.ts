import { DiagnosticSeverity, Parser } from '@asyncapi/parser';

const BAD: readonly number[] = [DiagnosticSeverity.Error, DiagnosticSeverity.Warning];

/** What AsyncAPI's own parser has against a document: errors and warnings, each with its place. */
export async function asyncApiProblems(document: object): Promise<string[]> {
  const diagnostics = await new Parser().validate(JSON.stringify(document));
  return diagnostics
    .filter(({ severity }) => BAD.includes(severity))
    .map(({ path, message }) => `${path.join('/')}: ${message}`);
}
