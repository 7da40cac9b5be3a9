import { readFileSync } from 'node:fs';
import ts from 'typescript';

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

/**
 * Interfaces and type aliases as their sources declare them: types are gone when the tests run, and the pages must
 * name their fields.
 */
export class DeclaredTypes {
  private readonly declarations = new Map<string, Declaration>();

  constructor(files: readonly string[]) {
    for (const file of files) {
      const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
      for (const node of source.statements)
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
          this.declarations.set(node.name.text, node);
    }
  }

  /** Members of an interface with their types, in order. */
  membersOf(name: string): [string, ts.TypeNode][] {
    return this.signaturesOf(this.find(name)).flatMap((member) =>
      member.type === undefined ? [] : [[nameOf(member), member.type] as [string, ts.TypeNode]],
    );
  }

  /** Names of all fields of a type, those of its parts included; `?` behind an optional one. */
  fieldsOf(type: string | ts.TypeNode): string[] {
    const members = typeof type === 'string' ? this.signaturesOf(this.find(type)) : this.signaturesIn(type);
    return members.map((member) => `${nameOf(member)}${member.questionToken === undefined ? '' : '?'}`);
  }

  private find(name: string): Declaration {
    const found = this.declarations.get(name);
    if (found === undefined) throw new Error(`no file that was read declares ${name}`);
    return found;
  }

  private signaturesOf(node: Declaration): ts.PropertySignature[] {
    if (ts.isTypeAliasDeclaration(node)) return this.signaturesIn(node.type);
    const bases = (node.heritageClauses ?? []).flatMap((clause) => clause.types);
    return [
      ...bases.flatMap(({ expression }) =>
        ts.isIdentifier(expression) ? this.signaturesOf(this.find(expression.text)) : [],
      ),
      ...node.members.filter(ts.isPropertySignature),
    ];
  }

  private signaturesIn(type: ts.TypeNode): ts.PropertySignature[] {
    if (ts.isTypeLiteralNode(type)) return type.members.filter(ts.isPropertySignature);
    if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => this.signaturesIn(part));
    if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName))
      return this.signaturesOf(this.find(type.typeName.text));
    throw new Error('a type that is neither an object nor made of objects has no fields');
  }
}

/** Name of the type that a node refers to. */
export function referredName(type: ts.TypeNode): string {
  if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName)) return type.typeName.text;
  throw new Error('not a reference to a named type');
}

/** Members of an object type written in place. */
export function literalMembers(type: ts.TypeNode): Map<string, ts.TypeNode> {
  if (!ts.isTypeLiteralNode(type)) throw new Error('not an object type written in place');
  return new Map(
    type.members
      .filter(ts.isPropertySignature)
      .flatMap((member) => (member.type === undefined ? [] : [[nameOf(member), member.type] as const])),
  );
}

function nameOf(member: ts.PropertySignature): string {
  if (ts.isIdentifier(member.name) || ts.isStringLiteral(member.name)) return member.name.text;
  throw new Error('a member without a plain name');
}
